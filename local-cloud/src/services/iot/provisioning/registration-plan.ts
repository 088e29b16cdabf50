import { resolveIntrinsics, type TemplateScope } from './intrinsics.ts';
import {
  CERTIFICATE_ID,
  type JsonObject,
  type OverrideSetting,
  type TemplateDocument,
  type TemplateResource,
} from './template-document.ts';
import { invalidTemplate } from './template-error.ts';

/** What one registration will do: a template with all values filled in. */
export interface RegistrationPlan {
  readonly thing: ThingPlan | undefined;
  readonly certificate: CertificatePlan | undefined;
  readonly policies: readonly PolicyPlan[];
  readonly deviceConfiguration: JsonObject;
}

/** How a template of kind REGISTRATION names its certificate. */
export type CertificateSource =
  | { readonly id: string }
  | { readonly csr: string }
  | { readonly pem: string; readonly caPem: string | undefined };

export interface CertificatePlan {
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly override: OverrideSetting;
}

export interface ThingPlan {
  readonly name: string;
  readonly typeName: string | undefined;
  readonly attributes: Readonly<Record<string, string>> | undefined;
  readonly groups: readonly string[] | undefined;
  readonly billingGroup: string | undefined;
  readonly principalType: string | undefined;
  readonly overrides: {
    readonly attributes: OverrideSetting;
    readonly type: OverrideSetting;
    readonly groups: OverrideSetting;
  };
}

export type PolicyPlan = { readonly name: string } | { readonly document: string };

/**
 * Values of all declared parameters: what was sent, else the default.
 * @throws AwsError InvalidRequestException, naming the parameters that have no value
 */
export function templateParameters(
  template: TemplateDocument,
  given: ReadonlyMap<string, string>,
  certificateId: string | undefined,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const [name, { defaultValue }] of template.parameters) {
    const value = given.get(name) ?? defaultValue;
    if (value !== undefined) values.set(name, value);
    else if (name !== CERTIFICATE_ID) missing.push(name);
  }
  if (missing.length > 0) throw invalidTemplate(`no value for parameter ${missing.join(', ')}`);
  // Proven by the ownership token, so never taken from the device.
  if (certificateId !== undefined) values.set(CERTIFICATE_ID, certificateId);
  return values;
}

/** @throws AwsError InvalidRequestException when something does not resolve to what its property takes */
export function planRegistration(
  template: TemplateDocument,
  parameters: ReadonlyMap<string, string>,
): RegistrationPlan {
  const scope: TemplateScope = { parameters, mappings: template.mappings };
  return {
    thing: template.thing === undefined ? undefined : planThing(template.thing, scope),
    certificate: template.certificate === undefined ? undefined : planCertificate(template.certificate, scope),
    policies: template.policies.map(({ properties }) => planPolicy(properties, scope)),
    deviceConfiguration: planDeviceConfiguration(template.deviceConfiguration, scope),
  };
}

/** @throws AwsError InvalidRequestException */
export function certificateSource(
  template: TemplateDocument,
  parameters: ReadonlyMap<string, string>,
): CertificateSource | undefined {
  if (template.certificate === undefined) return undefined;
  const scope: TemplateScope = { parameters, mappings: template.mappings };
  const resolved = resolveIntrinsics(template.certificate.properties, scope) as JsonObject;
  const { CertificateId: id, CertificateSigningRequest: csr, CertificatePem: pem, CACertificatePem: caPem } = resolved;
  if (id !== undefined) return { id: text('CertificateId', id) };
  if (csr !== undefined) return { csr: text('CertificateSigningRequest', csr) };
  return {
    pem: text('CertificatePem', pem),
    caPem: caPem === undefined ? undefined : text('CACertificatePem', caPem),
  };
}

function planThing({ properties, overrides }: TemplateResource, scope: TemplateScope): ThingPlan {
  const resolved = resolveIntrinsics(properties, scope) as JsonObject;
  const override = (name: string): OverrideSetting => overrides.get(name) ?? 'DO_NOTHING';
  return {
    name: text('ThingName', resolved.ThingName),
    typeName: resolved.ThingTypeName === undefined ? undefined : text('ThingTypeName', resolved.ThingTypeName),
    attributes: resolved.AttributePayload === undefined ? undefined : attributes(resolved.AttributePayload),
    groups: resolved.ThingGroups === undefined ? undefined : texts('ThingGroups', resolved.ThingGroups),
    billingGroup: resolved.BillingGroup === undefined ? undefined : text('BillingGroup', resolved.BillingGroup),
    principalType:
      resolved.ThingPrincipalType === undefined ? undefined : text('ThingPrincipalType', resolved.ThingPrincipalType),
    overrides: {
      attributes: override('AttributePayload'),
      type: override('ThingTypeName'),
      groups: override('ThingGroups'),
    },
  };
}

function planCertificate({ properties, overrides }: TemplateResource, scope: TemplateScope): CertificatePlan {
  const resolved = resolveIntrinsics(properties, scope) as JsonObject;
  const own = scope.parameters.get(CERTIFICATE_ID);
  if (own !== undefined && resolved.CertificateId !== own) {
    throw invalidTemplate('CertificateId is not the certificate of the ownership token');
  }
  // The guide writes both `ACTIVE` and `Active`.
  const status = resolved.Status === undefined ? 'ACTIVE' : text('Status', resolved.Status).toUpperCase();
  if (status !== 'ACTIVE' && status !== 'INACTIVE')
    throw invalidTemplate(`Status must be ACTIVE or INACTIVE, not ${status}`);
  return { status, override: overrides.get('Status') ?? 'DO_NOTHING' };
}

function planPolicy(properties: JsonObject, scope: TemplateScope): PolicyPlan {
  const resolved = resolveIntrinsics(properties, scope) as JsonObject;
  if (resolved.PolicyName !== undefined) return { name: text('PolicyName', resolved.PolicyName) };
  const { PolicyDocument: document } = resolved;
  return { document: typeof document === 'string' ? document : JSON.stringify(document) };
}

function planDeviceConfiguration(section: JsonObject, scope: TemplateScope): JsonObject {
  const resolved = resolveIntrinsics(section, scope) as JsonObject;
  for (const [name, value] of Object.entries(resolved)) {
    if (typeof value === 'object' && value !== null)
      throw invalidTemplate(`DeviceConfiguration.${name} must be a plain value`);
  }
  return resolved;
}

function attributes(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidTemplate('AttributePayload must be an object of name-value pairs');
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, text(`AttributePayload.${name}`, item)]),
  );
}

function texts(name: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw invalidTemplate(`${name} must be a list`);
  return value.map((item) => text(name, item));
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalidTemplate(`${name} must be text`);
  return value;
}
