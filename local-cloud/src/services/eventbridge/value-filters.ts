import { BlockList, isIP } from 'node:net';
import { AwsError } from '../../core/errors.ts';

/** Tells whether a value of an event matches. */
export type Filter = (value: unknown) => boolean;

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** `["=", 5]`, `[">", 0, "<=", 5]`. Numbers are from -5e9 to 5e9. @throws AwsError `InvalidEventPatternException` */
export function numericFilter(operand: unknown): Filter {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw invalid('Value of numeric must be an array of one or two comparisons');
  }
  const tests: ((value: number) => boolean)[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const compare = COMPARISONS[String(operand[index])];
    const bound: unknown = operand[index + 1];
    if (compare === undefined || typeof bound !== 'number' || Math.abs(bound) > 5e9) {
      throw invalid('Value of numeric must hold comparisons with numbers from -5.0e9 to 5.0e9');
    }
    tests.push((value) => compare(value, bound));
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

/** `*` stands for any text, `\*` for itself. @throws AwsError `InvalidEventPatternException` */
export function wildcardFilter(pattern: string): Filter {
  if (/\*\*/.test(pattern)) throw invalid('Consecutive wildcard characters');
  const source = pattern.replace(/\\([*\\])|\*|[\\^$.+?()[\]{}|]/g, (part, escaped?: string) => {
    if (escaped !== undefined) return `\\${escaped}`;
    return part === '*' ? '[\\s\\S]*' : `\\${part}`;
  });
  const expression = new RegExp(`^${source}$`);
  return (value) => typeof value === 'string' && expression.test(value);
}

/** @throws AwsError `InvalidEventPatternException` */
export function cidrFilter(range: string): Filter {
  const [address = '', bits = ''] = range.split('/');
  const family = isIP(address);
  if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    throw invalid(`Malformed CIDR, one '/' required`);
  }
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return (value) => {
    const kind = typeof value === 'string' ? isIP(value) : 0;
    return kind !== 0 && list.check(value as string, kind === 4 ? 'ipv4' : 'ipv6');
  };
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}
