import type { RegistrationConfig } from '@aws-sdk/client-iot';
import { parseArn } from '../../../core/account.ts';
import { invalidRequest, resourceNotFound } from '../errors.ts';
import { MAX_TEMPLATE_BODY_LENGTH, MAX_TEMPLATE_NAME_LENGTH, TEMPLATE_NAME_PATTERN } from '../limits.ts';
import { parseTemplate } from '../provisioning/template-document.ts';
import type { RegistrationConfigRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { requireName, requireText } from './validation.ts';

/**
 * How a CA's certificates are provisioned just in time: a template body with its role, or the name of a template of
 * type JITP, which has its own (developer guide, `jit-provisioning`).
 * @throws AwsError InvalidRequestException, ResourceNotFoundException for an unknown template
 */
export function readRegistrationConfig(
  state: RegistryState,
  config: RegistrationConfig | undefined,
): RegistrationConfigRecord | undefined {
  if (config === undefined) return undefined;
  const { templateBody, roleArn, templateName } = config;
  if (templateName !== undefined) {
    requireName('registrationConfig.templateName', templateName, TEMPLATE_NAME_PATTERN, MAX_TEMPLATE_NAME_LENGTH);
    if (templateBody !== undefined || roleArn !== undefined) {
      throw invalidRequest('registrationConfig.templateName cannot be given together with templateBody or roleArn');
    }
    const template = state.templates.get(templateName);
    if (template === undefined) throw resourceNotFound(`Provisioning template ${templateName} not found.`);
    if (template.type !== 'JITP') throw invalidRequest(`Provisioning template ${templateName} is not of type JITP`);
    return { templateName };
  }
  if (templateBody === undefined && roleArn === undefined) return undefined;
  requireText('registrationConfig.templateBody', templateBody, 1, MAX_TEMPLATE_BODY_LENGTH);
  requireText('registrationConfig.roleArn', roleArn, 20, 2048);
  const role = parseArn(roleArn);
  if (role?.service !== 'iam' || !role.resource.startsWith('role/')) {
    throw invalidRequest(`registrationConfig.roleArn ${roleArn} is not the ARN of a role`);
  }
  parseTemplate(templateBody, 'JITP');
  return { templateBody, roleArn };
}
