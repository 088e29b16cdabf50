/** Something in a folder of NAB-format files that cannot be scored. The message names the file, and the line where there is one. */
export class NabDataError extends Error {
  override readonly name = 'NabDataError';
}
