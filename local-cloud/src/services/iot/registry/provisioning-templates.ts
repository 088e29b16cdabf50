import type { ProvisioningHook, TemplateType } from '@aws-sdk/client-iot';
import { parseArn } from '../../../core/account.ts';
import {
  deleteConflict,
  invalidRequest,
  resourceAlreadyExists,
  resourceNotFound,
  versionsLimitExceeded,
} from '../errors.ts';
import {
  HOOK_PAYLOAD_VERSION,
  MAX_TEMPLATE_BODY_LENGTH,
  MAX_TEMPLATE_DESCRIPTION_LENGTH,
  MAX_TEMPLATE_NAME_LENGTH,
  MAX_TEMPLATE_VERSIONS,
  TEMPLATE_NAME_PATTERN,
} from '../limits.ts';
import { parseTemplate } from '../provisioning/template-document.ts';
import type { TemplateRecord, TemplateVersionRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { allowText, requireName, requireOneOf, requireText } from './validation.ts';

export interface TemplateInput {
  readonly templateName: string | undefined;
  readonly description?: string | undefined;
  readonly templateBody: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly provisioningRoleArn: string | undefined;
  readonly preProvisioningHook?: ProvisioningHook | undefined;
  readonly type?: TemplateType | undefined;
}

export interface TemplateUpdate {
  readonly templateName: string | undefined;
  readonly description?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly defaultVersionId?: number | undefined;
  readonly provisioningRoleArn?: string | undefined;
  readonly preProvisioningHook?: ProvisioningHook | undefined;
  readonly removePreProvisioningHook?: boolean | undefined;
}

/** Fleet provisioning templates and their versions (developer guide, `provision-template`). */
export class ProvisioningTemplates {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  get(name: string | undefined): TemplateRecord {
    requireTemplateName(name);
    const template = this.#state.templates.get(name);
    if (template === undefined) throw resourceNotFound(`Provisioning template ${name} not found.`);
    return template;
  }

  getVersion(name: string | undefined, versionId: number | undefined): TemplateVersionRecord {
    return versionOf(this.get(name), versionId);
  }

  create(input: TemplateInput): TemplateRecord {
    requireTemplateName(input.templateName);
    allowText('description', input.description, MAX_TEMPLATE_DESCRIPTION_LENGTH);
    requireRoleArn(input.provisioningRoleArn);
    requireOneOf('type', input.type ?? 'FLEET_PROVISIONING', ['FLEET_PROVISIONING', 'JITP']);
    const type = input.type ?? 'FLEET_PROVISIONING';
    const body = checkedBody(input.templateBody, type);
    const hook = readHook(input.preProvisioningHook);
    requireNoHook(type, hook);
    const existing = this.#state.templates.get(input.templateName);
    if (existing !== undefined) {
      const arn = this.#state.arn('provisioningtemplate', existing.name);
      throw resourceAlreadyExists(`Provisioning template ${existing.name} already exists.`, arn, existing.name);
    }
    const now = this.#state.now();
    const template: TemplateRecord = {
      name: input.templateName,
      type,
      ...(input.description === undefined ? {} : { description: input.description }),
      // `jit-provisioning` makes its template without `enabled` and uses it at once.
      enabled: input.enabled ?? type === 'JITP',
      provisioningRoleArn: input.provisioningRoleArn,
      ...(hook === undefined ? {} : { hook }),
      creationDate: now,
      lastModifiedDate: now,
      defaultVersionId: 1,
      nextVersion: 2,
      versions: [{ id: 1, body, creationDate: now }],
    };
    this.#state.templates.put(template.name, template);
    return template;
  }

  update(input: TemplateUpdate): void {
    const template = this.get(input.templateName);
    allowText('description', input.description, MAX_TEMPLATE_DESCRIPTION_LENGTH);
    if (input.provisioningRoleArn !== undefined) requireRoleArn(input.provisioningRoleArn);
    if (input.removePreProvisioningHook === true && input.preProvisioningHook !== undefined) {
      throw invalidRequest('preProvisioningHook cannot be given together with removePreProvisioningHook');
    }
    const { hook: before, ...rest } = template;
    const hook = input.removePreProvisioningHook === true ? undefined : (readHook(input.preProvisioningHook) ?? before);
    requireNoHook(template.type, hook);
    const defaultVersionId =
      input.defaultVersionId === undefined ? template.defaultVersionId : versionOf(template, input.defaultVersionId).id;
    this.#state.templates.put(template.name, {
      ...rest,
      ...(hook === undefined ? {} : { hook }),
      ...(input.description === undefined ? {} : { description: input.description }),
      enabled: input.enabled ?? template.enabled,
      provisioningRoleArn: input.provisioningRoleArn ?? template.provisioningRoleArn,
      defaultVersionId,
      lastModifiedDate: this.#state.now(),
    });
  }

  delete(name: string | undefined): void {
    const template = this.get(name);
    for (const { id, registrationConfig: config } of this.#state.caCertificates.values()) {
      if (config === undefined || !('templateName' in config) || config.templateName !== template.name) continue;
      throw deleteConflict(`Provisioning template ${template.name} is used by CA certificate ${id}.`);
    }
    if (template.versions.length > 1) {
      throw deleteConflict(`Provisioning template ${template.name} has versions besides its default version.`);
    }
    this.#state.templates.delete(template.name);
    this.#state.tags.delete(this.#state.arn('provisioningtemplate', template.name));
  }

  createVersion(
    name: string | undefined,
    templateBody: string | undefined,
    setAsDefault: boolean,
  ): TemplateVersionRecord {
    const template = this.get(name);
    const body = checkedBody(templateBody, template.type);
    if (template.versions.length >= MAX_TEMPLATE_VERSIONS) {
      throw versionsLimitExceeded(
        `Provisioning template ${template.name} already has the maximum number of versions (${MAX_TEMPLATE_VERSIONS})`,
      );
    }
    const version = { id: template.nextVersion, body, creationDate: this.#state.now() };
    this.#state.templates.put(template.name, {
      ...template,
      nextVersion: template.nextVersion + 1,
      versions: [...template.versions, version],
      ...(setAsDefault ? { defaultVersionId: version.id } : {}),
      lastModifiedDate: this.#state.now(),
    });
    return version;
  }

  deleteVersion(name: string | undefined, versionId: number | undefined): void {
    const template = this.get(name);
    const version = versionOf(template, versionId);
    if (version.id === template.defaultVersionId) {
      throw deleteConflict(`Cannot delete the default version of provisioning template ${template.name}.`);
    }
    this.#state.templates.put(template.name, {
      ...template,
      versions: template.versions.filter(({ id }) => id !== version.id),
      lastModifiedDate: this.#state.now(),
    });
  }
}

export function defaultVersionOf(template: TemplateRecord): TemplateVersionRecord {
  return versionOf(template, template.defaultVersionId);
}

function versionOf(template: TemplateRecord, versionId: number | undefined): TemplateVersionRecord {
  const version = template.versions.find(({ id }) => id === versionId);
  if (version !== undefined) return version;
  throw resourceNotFound(`Version ${versionId} of provisioning template ${template.name} not found.`);
}

function requireTemplateName(name: string | undefined): asserts name is string {
  requireName('templateName', name, TEMPLATE_NAME_PATTERN, MAX_TEMPLATE_NAME_LENGTH);
}

function requireRoleArn(roleArn: string | undefined): asserts roleArn is string {
  requireText('provisioningRoleArn', roleArn, 20, 2048);
  const parsed = parseArn(roleArn);
  if (parsed?.service !== 'iam' || !parsed.resource.startsWith('role/')) {
    throw invalidRequest(`provisioningRoleArn ${roleArn} is not the ARN of a role`);
  }
}

/** "Only supports template of type FLEET_PROVISIONING" (API CreateProvisioningTemplate, preProvisioningHook). */
function requireNoHook(type: TemplateType, hook: TemplateRecord['hook']): void {
  if (type === 'JITP' && hook !== undefined) {
    throw invalidRequest('preProvisioningHook is supported by templates of type FLEET_PROVISIONING only');
  }
}

function checkedBody(body: string | undefined, type: TemplateType): string {
  requireText('templateBody', body, 0, MAX_TEMPLATE_BODY_LENGTH);
  parseTemplate(body, type);
  return body;
}

function readHook(hook: ProvisioningHook | undefined): TemplateRecord['hook'] {
  if (hook === undefined) return undefined;
  requireText('preProvisioningHook.targetArn', hook.targetArn, 1, 2048);
  const parsed = parseArn(hook.targetArn);
  if (parsed?.service !== 'lambda' || !parsed.resource.startsWith('function:')) {
    throw invalidRequest(`preProvisioningHook.targetArn ${hook.targetArn} is not the ARN of a Lambda function`);
  }
  const payloadVersion = hook.payloadVersion ?? HOOK_PAYLOAD_VERSION;
  requireOneOf('preProvisioningHook.payloadVersion', payloadVersion, [HOOK_PAYLOAD_VERSION]);
  return { targetArn: hook.targetArn, payloadVersion };
}
