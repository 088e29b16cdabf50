import type { AuthorizerStatus, CertificateMode, CertificateStatus, TemplateType } from '@aws-sdk/client-iot';

/** Records of the registry as they are kept. Times are ms since the epoch. */

export type Attributes = Readonly<Record<string, string>>;

export interface ThingRecord {
  readonly name: string;
  readonly id: string;
  readonly typeName?: string;
  readonly attributes: Attributes;
  readonly version: number;
}

export interface ThingTypeRecord {
  readonly name: string;
  readonly id: string;
  readonly description?: string;
  readonly searchableAttributes: readonly string[];
  readonly creationDate: number;
  /** Set while the type is deprecated. */
  readonly deprecationDate?: number;
}

export interface ThingGroupRecord {
  readonly name: string;
  readonly id: string;
  readonly version: number;
  readonly parentName?: string;
  readonly description?: string;
  readonly attributes: Attributes;
  readonly creationDate: number;
  /** Of a dynamic group: the search that says who is in it. */
  readonly query?: ThingGroupQuery;
}

/** Developer guide, `dynamic-thing-groups`. */
export interface ThingGroupQuery {
  readonly indexName: string;
  readonly queryString: string;
  readonly queryVersion: string;
}

export interface CertificateRecord {
  /** Lower-case hexadecimal SHA-256 of the DER. */
  readonly id: string;
  readonly pem: string;
  readonly status: CertificateStatus;
  readonly mode: CertificateMode;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
  readonly customerVersion: number;
  readonly generationId: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** The registered CA that signed it. */
  readonly caCertificateId?: string;
}

export interface CaCertificateRecord {
  /** Lower-case hexadecimal SHA-256 of the DER. */
  readonly id: string;
  readonly pem: string;
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly mode: CertificateMode;
  readonly autoRegistration: boolean;
  /** How certificates that register themselves are provisioned. */
  readonly registrationConfig?: RegistrationConfigRecord;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
  readonly customerVersion: number;
  readonly generationId: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A template with its role, or the name of a provisioning template of type JITP. */
export type RegistrationConfigRecord =
  | { readonly templateBody: string; readonly roleArn: string }
  | { readonly templateName: string };

/** A claim of a trusted user: lives minutes, provisions with one template, is in no listing. */
export interface TemporaryClaimRecord {
  readonly certificateId: string;
  readonly templateName: string;
  readonly expiresAt: number;
}

export interface PolicyVersionRecord {
  readonly id: string;
  readonly document: string;
  readonly creationDate: number;
}

export interface PolicyRecord {
  readonly name: string;
  readonly generationId: string;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
  readonly defaultVersionId: string;
  /** Version numbers are never used twice. */
  readonly nextVersion: number;
  readonly versions: readonly PolicyVersionRecord[];
}

export interface TemplateVersionRecord {
  readonly id: number;
  readonly body: string;
  readonly creationDate: number;
}

export interface TemplateRecord {
  readonly name: string;
  readonly type: TemplateType;
  readonly description?: string;
  readonly enabled: boolean;
  readonly provisioningRoleArn: string;
  readonly hook?: { readonly targetArn: string; readonly payloadVersion: string };
  readonly creationDate: number;
  readonly lastModifiedDate: number;
  readonly defaultVersionId: number;
  readonly nextVersion: number;
  readonly versions: readonly TemplateVersionRecord[];
}

export interface AuthorizerRecord {
  readonly name: string;
  readonly functionArn: string;
  readonly tokenKeyName?: string;
  /** PEM by name. */
  readonly signingKeys: Readonly<Record<string, string>>;
  readonly status: AuthorizerStatus;
  readonly signingDisabled: boolean;
  readonly enableCachingForHttp: boolean;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
}

export interface RoleAliasRecord {
  readonly name: string;
  readonly roleArn: string;
  readonly credentialDurationSeconds: number;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
}

export interface BillingGroupRecord {
  readonly name: string;
  readonly id: string;
  readonly version: number;
  readonly description?: string;
  readonly creationDate: number;
}

export interface DomainConfigurationRecord {
  readonly name: string;
  /** The last part of its ARN. */
  readonly id: string;
  readonly domainName: string;
  readonly status: 'ENABLED' | 'DISABLED';
  readonly authorizer?: { readonly name: string; readonly allowOverride: boolean };
  readonly lastStatusChangeDate: number;
}

export interface PrincipalAttachment {
  /** The thing is the only one of this certificate (developer guide, `exclusive-thing`). */
  readonly exclusive: boolean;
}
