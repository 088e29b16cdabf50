/** Kind, log number and id. */
export const PREFIX_BYTES = 11;
/** From the start of an entry to its bytes. */
export const ENTRY_HEADER_BYTES = PREFIX_BYTES + 4;
