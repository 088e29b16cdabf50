import type { DeviceConnection } from '../../../core/mqtt.ts';
import type { IotService } from '../iot-service.ts';
import { defaultVersionOf } from '../registry/provisioning-templates.ts';
import type { TemplateRecord } from '../registry/records.ts';
import { runPreProvisioningHook } from './pre-provisioning-hook.ts';
import { assumeProvisioningRole } from './provisioning-role.ts';
import { registerResources } from './register-resources.ts';
import { planRegistration, templateParameters } from './registration-plan.ts';
import { accessDenied, invalidRequest, invalidToken, ProvisioningRejection } from './rejection.ts';
import { parseTemplate } from './template-document.ts';

/** `RegisterThing` accepted (developer guide, `fleet-provision-api`). */
export interface RegisterThingResult {
  readonly deviceConfiguration: Readonly<Record<string, unknown>>;
  readonly thingName?: string;
}

type Payload = Readonly<Record<string, unknown>>;

/**
 * Provisions a device from a template: token, hook, template, resources, activation, in this order.
 * @throws ProvisioningRejection or AwsError, with the token still good for another attempt
 */
export async function registerThing(
  service: IotService,
  connection: DeviceConnection,
  templateName: string,
  payload: Payload,
): Promise<RegisterThingResult> {
  const template = findTemplate(service, connection, templateName);
  const given = readParameters(payload.parameters);
  const token = readToken(payload.certificateOwnershipToken);
  const certificateId = service.ownershipTokens.hold(token);
  if (certificateId === undefined) throw invalidToken('Certificate ownership token is invalid or has expired.');
  let registered = false;
  let result: RegisterThingResult;
  try {
    result = await provision(service, connection, template, certificateId, given);
    registered = true;
  } finally {
    service.ownershipTokens.release(token, registered);
  }
  await service.context.store.durable();
  return result;
}

async function provision(
  service: IotService,
  connection: DeviceConnection,
  template: TemplateRecord,
  certificateId: string,
  given: ReadonlyMap<string, string>,
): Promise<RegisterThingResult> {
  const { context, registry } = service;
  const certificate = registry.certificates.get(certificateId);
  const templateArn = registry.state.arn('provisioningtemplate', template.name);
  const overrides =
    template.hook === undefined
      ? new Map<string, string>()
      : await runPreProvisioningHook(context, template.hook.targetArn, {
          claimCertificateId: connection.principalId,
          certificateId,
          certificatePem: certificate.pem,
          templateArn,
          clientId: connection.clientId,
          parameters: Object.fromEntries(given),
        });
  const document = parseTemplate(defaultVersionOf(template).body);
  const parameters = templateParameters(document, new Map([...given, ...overrides]), certificateId);
  const plan = planRegistration(document, parameters);
  const role = assumeProvisioningRole(context, template.provisioningRoleArn, templateArn, certificateId);
  const { thingName } = await registerResources(context, role, certificateId, plan);
  return { deviceConfiguration: plan.deviceConfiguration, ...(thingName === undefined ? {} : { thingName }) };
}

function findTemplate(service: IotService, connection: DeviceConnection, templateName: string): TemplateRecord {
  const { state } = service.registry;
  const template = state.templates.get(templateName);
  if (template === undefined) {
    throw new ProvisioningRejection(404, 'ResourceNotFound', `Provisioning template ${templateName} not found.`);
  }
  // A template of type JITP belongs to a CA certificate; devices cannot ask for it.
  if (template.type !== 'FLEET_PROVISIONING') {
    throw invalidRequest(`Provisioning template ${templateName} is not of type FLEET_PROVISIONING`);
  }
  if (!template.enabled) throw accessDenied(`Provisioning template ${templateName} is not enabled.`);
  const claim = state.claims.get(connection.principalId);
  if (claim !== undefined && claim.templateName !== templateName) throw accessDenied('Access Denied');
  return template;
}

function readToken(value: unknown): string {
  if (value === undefined || value === '') throw invalidToken('Certificate ownership token cannot be empty.');
  if (typeof value !== 'string') throw invalidToken('Certificate ownership token must be a string.');
  return value;
}

function readParameters(value: unknown): Map<string, string> {
  const parameters = new Map<string, string>();
  if (value === undefined || value === null) return parameters;
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidRequest('parameters must be an object');
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalidRequest(`Parameter ${name} must be a string`);
    parameters.set(name, text);
  }
  return parameters;
}
