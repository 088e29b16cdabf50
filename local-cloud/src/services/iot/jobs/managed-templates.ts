import type { DocumentParameter } from '@aws-sdk/client-iot';
import { parseArn } from '../../../core/account.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidRequest } from '../errors.ts';
import { TEXT_PATTERN } from './limits.ts';

/** Parameters of a document: name and whether it may be left out. */
interface Parameter {
  readonly key: string;
  readonly optional: boolean;
}

/**
 * A job template of AWS's own, as far as the developer guide gives it word for word (`job-templates-managed`,
 * `job-template-manage-cli-create`). Others are refused by name.
 */
export interface ManagedTemplate {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly document: string;
  readonly parameters: readonly Parameter[];
  /** Only where each parameter is documented with description, pattern and example. */
  readonly documentParameters?: readonly DocumentParameter[];
}

const VERSION = '1.0';
const MAX_PARAMETER_LENGTH = 30_720;
const PARAMETER = /\$\{aws:iot:parameter:([a-zA-Z0-9_-]+)\}/g;

const COMMON: readonly DocumentParameter[] = [
  {
    key: 'runAsUser',
    description:
      'Execute handler as another user. If not specified, then handler is executed as the same user as device client.',
    regex: '(.){0,256}',
    example: 'user1',
    optional: true,
  },
  {
    key: 'pathToHandler',
    description:
      'Path to handler on the device. If not specified, then device client will use the current working directory.',
    regex: '(.){0,4096}',
    example: '/path/to/handler/script',
    optional: true,
  },
];

const DOWNLOAD: readonly DocumentParameter[] = [
  {
    key: 'downloadUrl',
    description: 'URL of file to download.',
    regex: '(.*?)',
    example: 'http://www.example.com/index.html',
    optional: false,
  },
  {
    key: 'filePath',
    description: 'Path on the device where downloaded file is written.',
    regex: '(.*?)',
    example: '/path/to/file',
    optional: false,
  },
  ...COMMON,
];

const TEMPLATES: readonly ManagedTemplate[] = [
  template('Reboot', 'A managed job template for rebooting the device.', 'reboot.sh', [], COMMON),
  template(
    'Download-File',
    'A managed job template for downloading a file.',
    'download-file.sh',
    ['downloadUrl', 'filePath'],
    DOWNLOAD,
  ),
  template(
    'Remove-Application',
    'A managed job template for uninstalling one or more applications.',
    'remove-packages.sh',
    ['packages'],
  ),
  template('Stop-Application', 'A managed job template for stopping one or more system services.', 'stop-services.sh', [
    'services',
  ]),
  template(
    'Restart-Application',
    'A managed job template for restarting one or more system services.',
    'restart-services.sh',
    ['services'],
  ),
];

function template(
  action: string,
  description: string,
  handler: string,
  args: readonly string[],
  documentParameters?: readonly DocumentParameter[],
): ManagedTemplate {
  const input = {
    handler,
    ...(args.length === 0 ? {} : { args: args.map(placeholder) }),
    path: placeholder('pathToHandler'),
  };
  const run = { name: action, type: 'runHandler', input, runAsUser: placeholder('runAsUser') };
  return {
    name: `AWS-${action}`,
    version: VERSION,
    description,
    document: JSON.stringify({ version: VERSION, steps: [{ action: run }] }),
    parameters: [
      ...args.map((key) => ({ key, optional: false })),
      { key: 'runAsUser', optional: true },
      { key: 'pathToHandler', optional: true },
    ],
    ...(documentParameters === undefined ? {} : { documentParameters }),
  };
}

function placeholder(key: string): string {
  return `\${aws:iot:parameter:${key}}`;
}

export function managedTemplateArn(partition: string, region: string, { name, version }: ManagedTemplate): string {
  return `arn:${partition}:iot:${region}::jobtemplate/${name}:${version}`;
}

export function findManagedTemplate(name: string, version = VERSION): ManagedTemplate | undefined {
  return TEMPLATES.find((known) => known.name === name && known.version === version);
}

/**
 * The managed template that an ARN without account names; undefined for other ARNs.
 *
 * @throws NotImplementedError for one whose content is not known here
 */
export function managedTemplateOf(templateArn: string | undefined): ManagedTemplate | undefined {
  const parsed = parseArn(templateArn ?? '');
  if (parsed === undefined || parsed.accountId !== '') return undefined;
  const [, name, version] = /^jobtemplate\/([^:]+):(.+)$/.exec(parsed.resource) ?? [];
  const found = name === undefined ? undefined : findManagedTemplate(name, version);
  if (found === undefined) throw new NotImplementedError(`the AWS managed job template ${templateArn}`);
  return found;
}

/**
 * The template's document with the values in it. What may be left out and is becomes empty.
 *
 * @throws AwsError InvalidRequestException
 */
export function fillDocument(template: ManagedTemplate, values: Readonly<Record<string, string>>): string {
  const violations = new ConstraintViolations();
  for (const [key, value] of Object.entries(values)) {
    if (!template.parameters.some((parameter) => parameter.key === key)) {
      throw invalidRequest(`The job template ${template.name} has no parameter ${key}`);
    }
    const path = `documentParameters.${key}`;
    violations.length(path, value, 1, MAX_PARAMETER_LENGTH).pattern(path, value, TEXT_PATTERN);
  }
  violations.throwIfAny('InvalidRequestException');
  const missing = template.parameters.find(({ key, optional }) => !optional && !Object.hasOwn(values, key));
  if (missing !== undefined)
    throw invalidRequest(`The job template ${template.name} needs the parameter ${missing.key}`);
  return template.document.replace(PARAMETER, (_whole, key: string) => {
    const value = Object.hasOwn(values, key) ? (values[key] as string) : '';
    return JSON.stringify(value).slice(1, -1);
  });
}
