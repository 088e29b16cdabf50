import { AwsError } from '../../core/errors.ts';

export interface ByteRange {
  readonly start: number;
  /** inclusive */
  readonly end: number;
}

/**
 * The part of an object that a Range header asks for (RFC 9110 §14.1.2). Undefined means the whole object: no header, a
 * header that is no byte range, or several ranges, which S3 does not answer.
 * @throws AwsError `InvalidRange` (416)
 */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= size || (first === '' && Number(last) === 0)) {
    throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416, {
      fields: { ActualObjectSize: size, RangeRequested: header },
    });
  }
  return { start, end };
}
