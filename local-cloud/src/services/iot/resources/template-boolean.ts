/** Booleans of a template may be written as text. */
export function isTrue(value: boolean | string | undefined): boolean {
  return value === true || value === 'true';
}
