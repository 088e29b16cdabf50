/**
 * Limits of MQTT-based file delivery: developer guide `mqtt-based-file-delivery-in-devices`, AWS General Reference "AWS IoT
 * Core endpoints and quotas", and the API reference (lengths and patterns).
 */
export const STREAM_ID_PATTERN = '[a-zA-Z0-9_-]+';
export const MAX_STREAM_ID_LENGTH = 128;
export const MAX_DESCRIPTION_LENGTH = 2028;
export const DESCRIPTION_PATTERN = '[^\\p{C}]+';
export const MAX_FILES = 50;
export const MAX_FILE_ID = 255;
export const MAX_STREAM_VERSION = 65_535;
/** bytes */
export const MAX_FILE_SIZE = 24 * 1024 * 1024;
/** bytes of one block */
export const MIN_BLOCK_SIZE = 256;
export const MAX_BLOCK_SIZE = 131_072;
/** bytes that one request is answered with */
export const MAX_ANSWER_SIZE = 131_072;
/** blocks: 24 MB in blocks of 256 bytes */
export const MAX_OFFSET = 98_304;
export const MAX_BLOCK_COUNT = 98_304;
/** bytes: "The bitmap must be less than 12,288 bytes." */
export const BITMAP_BYTES_LIMIT = 12_288;
/** bytes */
export const MAX_CLIENT_TOKEN_BYTES = 64;
