import type { ResourceTypeSupport } from '../../local-cloud/src/index.ts';

/** What is created by the function that the template names, whatever its type is called. */
const CUSTOM = 'AWS::CloudFormation::CustomResource, Custom::*';

/** docs/local-services.md: a row for each type of resource that the local cloud takes. */
export function localServicesPage(types: readonly ResourceTypeSupport[]): string {
  const rows = [...types]
    .sort((left, right) => (left.type < right.type ? -1 : 1))
    .map(({ properties, reason, support, type }) =>
      support === 'run'
        ? `| \`${type}\` | run | ${properties.map((name) => `\`${name}\``).join(', ')} |`
        : `| \`${type}\` | **recorded** | ${reason} |`,
    );
  return `${[
    '# Resource types of the local cloud',
    '',
    'What a template may hold when it is deployed here. *Run*: the resource behaves, by the same code as the API of its',
    'service, with the properties named; any other property refuses to start, by name. *Recorded*: the resource is taken into',
    'the stack, shown in its outputs and reported at the end of `npm start` as not run locally; nothing of it is executed.',
    'Every other type refuses to start. The page is written by `npm run conformance`, from the cloud itself; a test fails when it is old.',
    '',
    '| type | | properties, or why it is not run |',
    '|---|---|---|',
    ...rows,
    `| \`${CUSTOM}\` | run | the function of \`ServiceToken\` is invoked and answers as on AWS |`,
  ].join('\n')}\n`;
}
