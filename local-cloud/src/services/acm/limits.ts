/** ACM API reference, "ImportCertificate": bytes of each part. */
export const MAX_CERTIFICATE_BYTES = 32_768;
export const MAX_CHAIN_BYTES = 2_097_152;
/** ACM user guide, "Prerequisites for importing certificates". bytes */
export const MAX_PRIVATE_KEY_BYTES = 5120;
/** "AddTagsToCertificate". */
export const MAX_TAGS = 50;
export const MAX_TAG_KEY = 128;
export const MAX_TAG_VALUE = 256;
/** "ListCertificates". */
export const MAX_LISTED = 1000;
export const DEFAULT_LISTED = 1000;
