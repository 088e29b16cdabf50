import { BlockList, isIP } from 'node:net';
import { arnPattern, textPattern } from './pattern.ts';
import { malformedPolicy } from './policy-error.ts';
import type { RequestContext } from './request-context.ts';

/** Compares one value of the request with one value of the policy. */
export type Comparison = (requestValue: string, context: RequestContext) => boolean;

export interface ConditionOperator {
  /** Negated operators hold when no value of the policy compares, and when the key is absent. */
  readonly negated: boolean;
  /** @throws AwsError `MalformedPolicyDocument` for a value that is not of the operator's type */
  compile(policyValue: string, variables: boolean): Comparison;
}

type Compile = ConditionOperator['compile'];

/** IAM user guide, "IAM JSON policy elements: Condition operators". Names in lower case. */
export function conditionOperator(name: string): ConditionOperator | undefined {
  return OPERATORS.get(name);
}

const exactText: Compile = (value, variables) => {
  const pattern = textPattern(variables ? escapeWildcards(value) : value, variables);
  if (!variables || !value.includes('${')) return (actual) => actual === value;
  return (actual, context) => pattern.matches(actual, context);
};

const textWithoutCase: Compile = (value, variables) => {
  if (!variables || !value.includes('${')) {
    const lower = value.toLowerCase();
    return (actual) => actual.toLowerCase() === lower;
  }
  const pattern = textPattern(escapeWildcards(value).toLowerCase(), true);
  return (actual, context) =>
    pattern.matches(actual.toLowerCase(), {
      values: (key, spelling) => context.values(key, spelling)?.map((text) => text.toLowerCase()),
    });
};

const likeText: Compile = (value, variables) => {
  const pattern = textPattern(value, variables);
  return (actual, context) => pattern.matches(actual, context);
};

const likeArn: Compile = (value, variables) => {
  if (value !== '*' && !value.startsWith('arn:') && !value.startsWith('${')) {
    throw malformedPolicy(`The value "${value}" of an ARN condition must be an ARN`);
  }
  const pattern = arnPattern(value, variables);
  return (actual, context) => pattern.matches(actual, context);
};

const bool: Compile = (value) => {
  const expected = value.toLowerCase();
  if (expected !== 'true' && expected !== 'false') {
    throw malformedPolicy(`The value "${value}" of a Bool condition must be true or false`);
  }
  return (actual) => actual.toLowerCase() === expected;
};

const ipAddress: Compile = (value) => {
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  const width = version === 4 ? 32 : 128;
  const length = bits === undefined ? width : Number(bits);
  if (version === 0 || rest.length > 0 || !/^\d*$/.test(bits ?? '') || bits === '' || length > width) {
    throw malformedPolicy(`The value "${value}" of an IP address condition must be in CIDR notation`);
  }
  const range = new BlockList();
  range.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  return (actual) => {
    const family = isIP(actual);
    return family !== 0 && range.check(actual, family === 4 ? 'ipv4' : 'ipv6');
  };
};

function numeric(holds: (actual: number, expected: number) => boolean): Compile {
  return (value) => {
    const expected = readNumber(value);
    if (expected === undefined) throw malformedPolicy(`The value "${value}" of a numeric condition must be a number`);
    return (actual) => {
      const number = readNumber(actual);
      return number !== undefined && holds(number, expected);
    };
  };
}

function date(holds: (actual: number, expected: number) => boolean): Compile {
  return (value) => {
    const expected = readDate(value);
    if (expected === undefined)
      throw malformedPolicy(`The value "${value}" of a date condition must be an ISO 8601 date`);
    return (actual) => {
      const time = readDate(actual);
      return time !== undefined && holds(time, expected);
    };
  };
}

function readNumber(text: string): number | undefined {
  return /^\s*[+-]?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

/** A W3C profile of ISO 8601, or seconds since the epoch ("Date condition operators"). */
function readDate(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const iso = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?)?)?$/;
  const time = iso.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** In operators without wildcards `*` and `?` are themselves; variables are still resolved. */
function escapeWildcards(value: string): string {
  return value.replace(/\$\{[^}]*\}|[*?]/g, (match) => (match.length > 1 ? match : `\${${match}}`));
}

const equal = (actual: number, expected: number) => actual === expected;
const less = (actual: number, expected: number) => actual < expected;
const lessOrEqual = (actual: number, expected: number) => actual <= expected;
const greater = (actual: number, expected: number) => actual > expected;
const greaterOrEqual = (actual: number, expected: number) => actual >= expected;

const OPERATORS: ReadonlyMap<string, ConditionOperator> = new Map(
  Object.entries({
    StringEquals: { negated: false, compile: exactText },
    StringNotEquals: { negated: true, compile: exactText },
    StringEqualsIgnoreCase: { negated: false, compile: textWithoutCase },
    StringNotEqualsIgnoreCase: { negated: true, compile: textWithoutCase },
    StringLike: { negated: false, compile: likeText },
    StringNotLike: { negated: true, compile: likeText },
    ArnEquals: { negated: false, compile: likeArn },
    ArnLike: { negated: false, compile: likeArn },
    ArnNotEquals: { negated: true, compile: likeArn },
    ArnNotLike: { negated: true, compile: likeArn },
    Bool: { negated: false, compile: bool },
    IpAddress: { negated: false, compile: ipAddress },
    NotIpAddress: { negated: true, compile: ipAddress },
    NumericEquals: { negated: false, compile: numeric(equal) },
    NumericNotEquals: { negated: true, compile: numeric(equal) },
    NumericLessThan: { negated: false, compile: numeric(less) },
    NumericLessThanEquals: { negated: false, compile: numeric(lessOrEqual) },
    NumericGreaterThan: { negated: false, compile: numeric(greater) },
    NumericGreaterThanEquals: { negated: false, compile: numeric(greaterOrEqual) },
    DateEquals: { negated: false, compile: date(equal) },
    DateNotEquals: { negated: true, compile: date(equal) },
    DateLessThan: { negated: false, compile: date(less) },
    DateLessThanEquals: { negated: false, compile: date(lessOrEqual) },
    DateGreaterThan: { negated: false, compile: date(greater) },
    DateGreaterThanEquals: { negated: false, compile: date(greaterOrEqual) },
  } satisfies Record<string, ConditionOperator>).map(([name, operator]) => [name.toLowerCase(), operator]),
);
