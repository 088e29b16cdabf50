/**
 * Limits of the registry, of policies and of provisioning: AWS General Reference, "AWS IoT Core endpoints and quotas"
 * and "AWS IoT Device Management endpoints and quotas"; name patterns: AWS IoT API reference.
 */
export const NAME_PATTERN = '[a-zA-Z0-9:_-]+';
export const MAX_NAME_LENGTH = 128;

export const ATTRIBUTE_NAME_PATTERN = '[a-zA-Z0-9_.,@/:#-]+';
export const ATTRIBUTE_VALUE_PATTERN = '[a-zA-Z0-9_.,@/:#=\\[\\]-]*';
export const MAX_ATTRIBUTE_NAME_LENGTH = 128;
export const MAX_ATTRIBUTE_VALUE_LENGTH = 800;
export const MAX_ATTRIBUTES_WITHOUT_TYPE = 3;
export const MAX_ATTRIBUTES_WITH_TYPE = 50;
export const MAX_SEARCHABLE_ATTRIBUTES = 3;
export const MAX_DESCRIPTION_LENGTH = 2028;
/** "You must wait five minutes after you deprecate a thing type before you can delete it" (`thing-types`). */
export const THING_TYPE_DELETION_WAIT = 5 * 60_000;

export const MAX_GROUP_ATTRIBUTES = 50;
export const MAX_GROUPS_PER_THING = 10;
export const MAX_DIRECT_CHILD_GROUPS = 100;
export const MAX_GROUP_DEPTH = 7;

export const POLICY_NAME_PATTERN = '[\\w+=,.@-]+';
/** Characters of a policy document, whitespace not counted. */
export const MAX_POLICY_CHARACTERS = 2048;
export const MAX_POLICY_VERSIONS = 5;
export const MAX_POLICIES_PER_CERTIFICATE = 10;
/** `thing-groups`, "Attach a policy to a static thing group". */
export const MAX_POLICIES_PER_GROUP = 2;

/** API CreateCertificateFromCsr and RegisterCertificateWithoutCA. */
export const MAX_CSR_LENGTH = 4096;
export const MAX_CERTIFICATE_LENGTH = 65_536;
export const MIN_RSA_BITS = 2048;

/** API RegisterCACertificate: CA certificates with the same subject. */
export const MAX_CAS_WITH_SAME_SUBJECT = 10;

export const AUTHORIZER_NAME_PATTERN = '[\\w=,@-]+';
/** Authorizers of an account in one region. */
export const MAX_AUTHORIZERS = 10;
/** API CreateAuthorizer, tokenSigningPublicKeys. */
export const MAX_SIGNING_KEY_LENGTH = 5120;
/** `config-custom-auth`: "The Lambda function timeout limit for custom authorizer is 5 seconds". */
export const AUTHORIZER_TIMEOUT = 5_000;

export const DOMAIN_CONFIGURATION_PATTERN = '[\\w.:-]+';
/** Domain configurations of an account in one region. */
export const MAX_DOMAIN_CONFIGURATIONS = 10;
/** `iot-custom-endpoints-managing`: 7 days in status DISABLED. */
export const DOMAIN_DELETION_WAIT = 7 * 24 * 60 * 60_000;

export const ROLE_ALIAS_PATTERN = '[\\w=,@-]+';
/** `authorizing-direct-aws`, `credentialDurationSeconds`. */
export const MIN_CREDENTIAL_DURATION = 900;
export const MAX_CREDENTIAL_DURATION = 43_200;
export const DEFAULT_CREDENTIAL_DURATION = 3_600;

export const TEMPLATE_NAME_PATTERN = '[0-9A-Za-z_-]+';
export const MAX_TEMPLATE_NAME_LENGTH = 36;
export const MAX_TEMPLATE_BODY_LENGTH = 10_240;
export const MAX_TEMPLATE_DESCRIPTION_LENGTH = 500;
export const MAX_TEMPLATE_VERSIONS = 5;
/** The only payload version of a pre-provisioning hook (`provision-wo-cert`). */
export const HOOK_PAYLOAD_VERSION = '2020-04-01';
/** `pre-provisioning-hook`: the function must return within 5 seconds. */
export const HOOK_TIMEOUT = 5_000;
/** `fleet-provision-api`: a certificate ownership token expires after one hour. */
export const OWNERSHIP_TOKEN_LIFETIME = 60 * 60_000;
/** `provision-wo-cert`, "Provisioning by trusted user": a temporary claim certificate expires after five minutes. */
export const CLAIM_LIFETIME = 5 * 60_000;

export const MAX_TAGS = 50;
export const MAX_PAGE_SIZE = 250;
