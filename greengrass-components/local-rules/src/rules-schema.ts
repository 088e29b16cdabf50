import { edgeSeriesSchema, edgeSourceSchema, inferenceSubjectSchema } from '@fleetwright/contracts';
import * as z from 'zod';

/** Levels of `all`, `any` and `not` in each other, and conditions of one rule in all. */
const MAX_DEPTH = 8;
const MAX_LEAVES = 32;
export const MAX_RULES = 200;
const DAY = 86_400_000;

export const ruleNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or hyphens, beginning with a letter');

const duration = z.int().min(0).max(DAY);

const thresholdSchema = z
  .strictObject({
    series: edgeSeriesSchema,
    above: z.number().optional(),
    below: z.number().optional(),
    /** How far inside the limit the value must be for the condition to end. */
    hysteresis: z.number().nonnegative().default(0),
    /** ms for which the value must be beyond the limit without a break */
    for: duration.default(0),
  })
  .refine(({ above, below }) => above !== undefined || below !== undefined, 'must have a limit above or below');

const equalSchema = z.strictObject({
  series: edgeSeriesSchema,
  is: z.union([z.boolean(), z.number()]),
  for: duration.default(0),
});

const anomalySchema = z.strictObject({
  /** Series in which an anomaly was found … */
  anomaly: edgeSeriesSchema,
  /** … of at least this score … */
  score: z.number().min(0).max(1).default(0.5),
  /** … no more than so many ms ago. */
  within: z.int().min(1).max(DAY).default(60_000),
});

const inferenceSchema = z.strictObject({
  inference: inferenceSubjectSchema,
  /** @default any model */
  model: ruleNameSchema.optional(),
  is: z.enum(['alarm', 'normal']).default('alarm'),
  /** ms after which a verdict is old */
  staleAfter: z.int().min(100).max(DAY).default(600_000),
});

export type ThresholdCondition = z.output<typeof thresholdSchema>;
export type EqualCondition = z.output<typeof equalSchema>;
export type AnomalyCondition = z.output<typeof anomalySchema>;
export type InferenceCondition = z.output<typeof inferenceSchema>;
export type LeafCondition = ThresholdCondition | EqualCondition | AnomalyCondition | InferenceCondition;
export type Condition =
  | LeafCondition
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

/** Kinds of conditions by the member that tells which. */
const LEAVES = [
  ['anomaly', anomalySchema],
  ['inference', inferenceSchema],
  ['is', equalSchema],
  ['series', thresholdSchema],
] as const;

type Path = (string | number)[];
type Refuse = (path: Path, message: string) => void;

/** By hand, because of a union of kinds a schema can tell only that none fits, not what is wrong with the one that is meant. */
function readCondition(given: unknown, path: Path, refuse: Refuse, depth = 0): Condition | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    refuse(path, 'must be a condition');
    return undefined;
  }
  if (depth > MAX_DEPTH) {
    refuse(path, `must be at most ${MAX_DEPTH} levels deep`);
    return undefined;
  }
  const [operator] = Object.keys(given).filter((key) => ['all', 'any', 'not'].includes(key));
  if (operator !== undefined) return readCombination(given as Record<string, unknown>, operator, path, refuse, depth);
  const schema = LEAVES.find(([member]) => member in given)?.[1];
  if (schema === undefined) {
    refuse(path, 'must have one of all, any, not, series, anomaly, inference');
    return undefined;
  }
  const read = schema.safeParse(given);
  for (const issue of read.error?.issues ?? []) refuse([...path, ...(issue.path as Path)], issue.message);
  return read.data;
}

function readCombination(
  given: Record<string, unknown>,
  operator: string,
  path: Path,
  refuse: Refuse,
  depth: number,
): Condition | undefined {
  const others = Object.keys(given).filter((key) => key !== operator);
  if (others.length > 0) refuse(path, `must have nothing beside ${operator}, found ${others.join(', ')}`);
  const inner = given[operator];
  if (operator === 'not') {
    const condition = readCondition(inner, [...path, 'not'], refuse, depth + 1);
    return condition && { not: condition };
  }
  if (!Array.isArray(inner) || inner.length === 0) {
    refuse([...path, operator], 'must be a list of conditions');
    return undefined;
  }
  const conditions = inner.map((each, index) => readCondition(each, [...path, operator, index], refuse, depth + 1));
  const read = conditions.filter((condition) => condition !== undefined);
  return operator === 'all' ? { all: read } : { any: read };
}

export function leavesOf(condition: Condition): LeafCondition[] {
  if ('all' in condition) return condition.all.flatMap(leavesOf);
  if ('any' in condition) return condition.any.flatMap(leavesOf);
  if ('not' in condition) return leavesOf(condition.not);
  return [condition];
}

const conditionSchema = z.unknown().transform((given, context): Condition => {
  const read = readCondition(given, [], (path, message) => context.addIssue({ code: 'custom', path, message }));
  if (read === undefined) return z.NEVER;
  if (leavesOf(read).length > MAX_LEAVES) {
    context.addIssue({ code: 'custom', message: `must be at most ${MAX_LEAVES} conditions` });
  }
  return read;
});

export const actionSchema = z
  .strictObject({
    source: edgeSourceSchema,
    point: edgeSeriesSchema,
    value: z.union([z.number(), z.boolean()]),
    /** ms for which the write may still be done */
    validFor: z.int().min(100).max(600_000).default(5_000),
    /** ms without success after which it is asked for again */
    retryEvery: z.int().min(50).max(60_000).default(500),
  })
  .refine(({ retryEvery, validFor }) => retryEvery <= validFor, {
    path: ['retryEvery'],
    message: 'must not be longer than validFor',
  });

export const ruleSchema = z
  .strictObject({
    description: z.string().max(256).optional(),
    /** Of two rules the one with the larger number goes first. */
    priority: z.int().min(0).max(1_000).default(0),
    when: conditionSchema,
    /** ms for which the condition must be true until the rule begins, and false until it ends */
    for: duration.default(0),
    endFor: duration.default(0),
    /** ms after which a value is old: nobody knows then what its condition is */
    staleAfter: z.int().min(100).max(DAY).default(10_000),
    /** Whether an uncertain value is a value, or as unknown as a bad one. */
    uncertain: z.enum(['use', 'unknown']).default('unknown'),
    /** The safe side: what the rule does when nobody knows whether its condition is true. */
    whenUnknown: z.enum(['begin', 'end', 'hold']),
    begin: z.array(actionSchema).max(16).default([]),
    end: z.array(actionSchema).max(16).default([]),
    /** While the rule holds, rules of less priority may not write these points. */
    interlock: z
      .strictObject({
        forbids: z
          .array(z.strictObject({ source: edgeSourceSchema, point: edgeSeriesSchema }))
          .min(1)
          .max(32),
        /** Whether writes that were forbidden are made up for when it ends, where their rule still means them. */
        afterwards: z.enum(['nothing', 'resume']).default('nothing'),
      })
      .optional(),
    severity: z.enum(['warning', 'critical']).default('warning'),
    /** A rule that has begun so often within `per` ms does not end before there is room again. */
    limit: z
      .strictObject({
        begins: z.int().min(1).max(1_000).default(10),
        per: z.int().min(1_000).max(DAY).default(60_000),
      })
      .prefault({}),
  })
  .superRefine(({ begin, end }, context) => {
    for (const [name, actions] of [['begin', begin] as const, ['end', end] as const]) {
      const points = actions.map(pointOf);
      const twice = points.find((point, index) => points.indexOf(point) !== index);
      if (twice !== undefined) context.addIssue({ code: 'custom', path: [name], message: `writes ${twice} twice` });
    }
  });

export const rulesSchema = z
  .record(ruleNameSchema, ruleSchema)
  .refine((rules) => Object.keys(rules).length <= MAX_RULES, `must be at most ${MAX_RULES} rules`);

export type Rule = z.output<typeof ruleSchema>;
export type Rules = z.output<typeof rulesSchema>;
export type RulesInput = Record<string, unknown>;
export type Action = z.output<typeof actionSchema>;
export type Value = number | boolean;

/** Name of a point among those of all sources. */
export function pointOf({ point, source }: { readonly source: string; readonly point: string }): string {
  return `${source}/${point}`;
}

/** All problems in one text, each with its place. */
export function problemsOf(error: z.ZodError): string {
  const problems = error.issues.map((issue) => {
    const message =
      issue.code === 'invalid_key' ? issue.issues.map((inner) => inner.message).join(', ') : issue.message;
    return `${issue.path.join('.') || 'rules'}: ${message}`;
  });
  return problems.join('; ');
}
