import { checkIntrinsics, type Mappings } from './intrinsics.ts';
import { invalidTemplate } from './template-error.ts';

/** Body of a fleet provisioning template (developer guide, `provision-template`), read and checked but not resolved. */
export interface TemplateDocument {
  readonly parameters: ReadonlyMap<string, { readonly defaultValue: string | undefined }>;
  readonly mappings: Mappings;
  readonly thing: TemplateResource | undefined;
  /** Undefined only in a template of kind REGISTRATION that declares none. */
  readonly certificate: TemplateResource | undefined;
  readonly policies: readonly TemplateResource[];
  readonly deviceConfiguration: JsonObject;
}

/** What a template is for: a provisioning template's type, or RegisterThing and bulk registration. */
export type TemplateKind = 'FLEET_PROVISIONING' | 'JITP' | 'REGISTRATION';

export interface TemplateResource {
  readonly logicalName: string;
  readonly properties: JsonObject;
  readonly overrides: ReadonlyMap<string, OverrideSetting>;
}

export type OverrideSetting = 'DO_NOTHING' | 'REPLACE' | 'FAIL' | 'MERGE';
export type JsonObject = Readonly<Record<string, unknown>>;

/** The certificate that is being registered; it needs no declaration. */
export const CERTIFICATE_ID = 'AWS::IoT::Certificate::Id';

/**
 * What just-in-time provisioning reads from a certificate: its id and its subject. A template "can use only the values in
 * the preceding list" (developer guide, `jit-provisioning`).
 */
export const JIT_PARAMETERS: readonly string[] = [
  'AWS::IoT::Certificate::Country',
  'AWS::IoT::Certificate::Organization',
  'AWS::IoT::Certificate::OrganizationalUnit',
  'AWS::IoT::Certificate::DistinguishedNameQualifier',
  'AWS::IoT::Certificate::StateName',
  'AWS::IoT::Certificate::CommonName',
  'AWS::IoT::Certificate::SerialNumber',
  CERTIFICATE_ID,
];

interface ResourceRules {
  readonly properties: readonly string[];
  readonly required: readonly string[];
  /** Property → settings allowed in OverrideSettings. */
  readonly overrides: Readonly<Record<string, readonly OverrideSetting[]>>;
}

const PLAIN: readonly OverrideSetting[] = ['DO_NOTHING', 'REPLACE', 'FAIL'];
const MERGEABLE: readonly OverrideSetting[] = [...PLAIN, 'MERGE'];

const RULES: Readonly<Record<string, ResourceRules>> = {
  'AWS::IoT::Thing': {
    properties: ['ThingName', 'AttributePayload', 'ThingTypeName', 'ThingGroups', 'BillingGroup', 'ThingPrincipalType'],
    required: ['ThingName'],
    overrides: { AttributePayload: MERGEABLE, ThingTypeName: PLAIN, ThingGroups: MERGEABLE },
  },
  // "Only certificate IDs can be used with a fleet provisioning template."
  'AWS::IoT::Certificate': {
    properties: ['CertificateId', 'Status'],
    required: ['CertificateId'],
    overrides: { Status: PLAIN },
  },
  'AWS::IoT::Policy': { properties: ['PolicyName', 'PolicyDocument'], required: [], overrides: {} },
};

/** `provision-template`, "Certificate resources": one of the three ways to name a certificate. */
const REGISTRATION_CERTIFICATE: ResourceRules = {
  properties: ['CertificateId', 'CertificateSigningRequest', 'CertificatePem', 'CACertificatePem', 'Status'],
  required: [],
  overrides: { Status: PLAIN },
};

/** @throws AwsError InvalidRequestException, naming the place */
export function parseTemplate(body: string, kind: TemplateKind = 'FLEET_PROVISIONING'): TemplateDocument {
  const root = parseJson(body);
  for (const key of Object.keys(root)) {
    if (!['Parameters', 'Mappings', 'Resources', 'DeviceConfiguration'].includes(key)) {
      throw invalidTemplate(`unknown section ${key}`);
    }
  }
  const parameters = readParameters(objectAt('Parameters', root.Parameters ?? {}));
  const mappings = readMappings(objectAt('Mappings', root.Mappings ?? {}));
  const deviceConfiguration = readDeviceConfiguration(root.DeviceConfiguration);
  const resources = readResources(objectAt('Resources', root.Resources), kind);
  if (kind === 'JITP') {
    const foreign = [...parameters.keys()].find((name) => !JIT_PARAMETERS.includes(name));
    if (foreign !== undefined) throw invalidTemplate(`a JITP template cannot have parameter ${foreign}`);
  }
  const names = new Set([...parameters.keys(), CERTIFICATE_ID]);
  checkIntrinsics(root.Resources, names, mappings);
  checkIntrinsics(deviceConfiguration, names, mappings);
  return { parameters, mappings, deviceConfiguration, ...resources };
}

function parseJson(body: string): JsonObject {
  let root: unknown;
  try {
    root = JSON.parse(body);
  } catch {
    throw invalidTemplate('the template body is not valid JSON');
  }
  return objectAt('the template body', root);
}

function objectAt(path: string, value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalidTemplate(`${path} must be an object`);
}

function readParameters(section: JsonObject): TemplateDocument['parameters'] {
  const parameters = new Map<string, { defaultValue: string | undefined }>();
  for (const [name, declaration] of Object.entries(section)) {
    const { Type, Default, ...rest } = objectAt(`parameter ${name}`, declaration);
    const unknown = Object.keys(rest)[0];
    if (unknown !== undefined) throw invalidTemplate(`parameter ${name} has unknown member ${unknown}`);
    if (Type !== 'String') throw invalidTemplate(`parameter ${name} must have type String`);
    if (Default !== undefined && typeof Default !== 'string') {
      throw invalidTemplate(`the default of parameter ${name} must be a string`);
    }
    parameters.set(name, { defaultValue: Default });
  }
  return parameters;
}

/** "You cannot include parameters, pseudo parameters, or call intrinsic functions in the Mappings section." */
function readMappings(section: JsonObject): Mappings {
  for (const [map, entries] of Object.entries(section)) {
    for (const [key, values] of Object.entries(objectAt(`mapping ${map}`, entries))) {
      for (const [name, value] of Object.entries(objectAt(`mapping ${map}.${key}`, values))) {
        if (name === 'Ref' || name.startsWith('Fn::') || (typeof value === 'object' && value !== null)) {
          throw invalidTemplate(`mapping ${map}.${key}.${name} must be a plain value`);
        }
      }
    }
  }
  return section as Mappings;
}

/** "The DeviceConfiguration section doesn't support nested JSON objects." Intrinsic functions are no nesting. */
function readDeviceConfiguration(section: unknown): JsonObject {
  const configuration = objectAt('DeviceConfiguration', section ?? {});
  for (const [name, value] of Object.entries(configuration)) {
    if (typeof value !== 'object' || value === null) continue;
    const keys = Object.keys(value);
    const intrinsic = !Array.isArray(value) && keys.length === 1 && /^(Ref|Fn::)/.test(keys[0] as string);
    if (!intrinsic) throw invalidTemplate(`DeviceConfiguration.${name} must not hold nested JSON`);
  }
  return configuration;
}

function readResources(
  section: JsonObject,
  kind: TemplateKind,
): Pick<TemplateDocument, 'thing' | 'certificate' | 'policies'> {
  const byType = new Map<string, TemplateResource[]>(Object.keys(RULES).map((type) => [type, []]));
  for (const [logicalName, value] of Object.entries(section)) {
    const { Type, Properties, OverrideSettings, ...rest } = objectAt(`resource ${logicalName}`, value);
    const unknown = Object.keys(rest)[0];
    if (unknown !== undefined) throw invalidTemplate(`resource ${logicalName} has unknown member ${unknown}`);
    const rules = rulesOf(Type, kind);
    if (rules === undefined) throw invalidTemplate(`resource ${logicalName} has unknown type ${JSON.stringify(Type)}`);
    const properties = objectAt(`resource ${logicalName}.Properties`, Properties ?? {});
    checkProperties(logicalName, properties, rules);
    byType
      .get(Type as string)
      ?.push({ logicalName, properties, overrides: readOverrides(logicalName, OverrideSettings, rules) });
  }
  const things = byType.get('AWS::IoT::Thing') ?? [];
  const certificates = byType.get('AWS::IoT::Certificate') ?? [];
  const policies = byType.get('AWS::IoT::Policy') ?? [];
  if (things.length > 1) throw invalidTemplate('only one thing can be declared');
  if (certificates.length > 1 || (certificates.length === 0 && kind !== 'REGISTRATION')) {
    throw invalidTemplate('exactly one certificate must be declared');
  }
  if (certificates.length === 0 && policies.length > 0) throw invalidTemplate('a policy needs a certificate');
  if (kind === 'REGISTRATION') for (const { properties } of certificates) requireOneSource(properties);
  for (const { properties } of policies) {
    if (Object.keys(properties).length !== 1)
      throw invalidTemplate('a policy needs PolicyName or PolicyDocument, but not both');
  }
  return { thing: things[0], certificate: certificates[0], policies };
}

function rulesOf(type: unknown, kind: TemplateKind): ResourceRules | undefined {
  if (type === 'AWS::IoT::Certificate' && kind === 'REGISTRATION') return REGISTRATION_CERTIFICATE;
  return typeof type === 'string' && Object.hasOwn(RULES, type) ? RULES[type] : undefined;
}

/** "When you declare a certificate in a template, use only one of these methods." */
function requireOneSource({
  CertificateId,
  CertificateSigningRequest,
  CertificatePem,
  CACertificatePem,
}: JsonObject): void {
  const sources = [CertificateId, CertificateSigningRequest, CertificatePem].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    throw invalidTemplate('a certificate needs one of CertificateId, CertificateSigningRequest and CertificatePem');
  }
  if (CACertificatePem !== undefined && CertificatePem === undefined) {
    throw invalidTemplate('CACertificatePem can only be given with CertificatePem');
  }
}

function checkProperties(logicalName: string, properties: JsonObject, rules: ResourceRules): void {
  for (const name of Object.keys(properties)) {
    if (!rules.properties.includes(name)) throw invalidTemplate(`resource ${logicalName} has unknown property ${name}`);
  }
  for (const name of rules.required) {
    if (properties[name] === undefined) throw invalidTemplate(`resource ${logicalName} needs property ${name}`);
  }
}

/** Settings are written as in the examples (`ThingTypeName`) or as in the list of the guide (`THING_TYPE_NAME`). */
function readOverrides(logicalName: string, section: unknown, rules: ResourceRules): Map<string, OverrideSetting> {
  const overrides = new Map<string, OverrideSetting>();
  for (const [written, setting] of Object.entries(
    objectAt(`resource ${logicalName}.OverrideSettings`, section ?? {}),
  )) {
    const property = Object.keys(rules.overrides).find((name) => plain(name) === plain(written));
    const allowed = property === undefined ? undefined : rules.overrides[property];
    if (property === undefined || allowed?.includes(setting as OverrideSetting) !== true) {
      throw invalidTemplate(
        `resource ${logicalName} has invalid override setting ${written}: ${JSON.stringify(setting)}`,
      );
    }
    overrides.set(property, setting as OverrideSetting);
  }
  return overrides;
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
