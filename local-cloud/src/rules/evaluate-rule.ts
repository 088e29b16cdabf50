import { type Entropy, uuid } from '../core/entropy.ts';
import type { MessageProperties } from '../core/mqtt.ts';
import { splitBasicIngest } from './basic-ingest.ts';
import { outputBytes } from './output-bytes.ts';
import { compileStatement, evaluateStatement } from './sql/compile-statement.ts';
import { DEFAULT_SQL_VERSION, type SqlValue, type SqlVersion } from './values/value.ts';

/** Why functions that ask services are refused here. */
export const OFFLINE = 'asks a service, which an evaluation without a cloud cannot';

/** One rule and one message, evaluated without a cloud. */
export interface RuleTrial {
  readonly sql: string;
  /** @default '2015-10-08', as for a rule that states none */
  readonly sqlVersion?: SqlVersion;
  /** As published; a Basic Ingest prefix reaches the rule whatever its FROM says. */
  readonly topic: string;
  readonly payload: Buffer;
  readonly clientId?: string;
  /** Certificate id. */
  readonly principal?: string;
  readonly sourceIp?: string;
  readonly properties?: MessageProperties;
  readonly accountId?: string;
  /** `timestamp()`, ms since the epoch */
  readonly now: number;
  readonly entropy: Entropy;
  readonly traceId?: string;
}

export interface RuleTrialResult {
  /** The topic matches FROM and WHERE is true. */
  readonly match: boolean;
  /** What the actions get; numbers may be `bigint` or {@link Decimal}. */
  readonly output?: SqlValue;
  /** The same as the bytes that actions send. */
  readonly outputBytes?: Buffer;
}

/**
 * Offline evaluator.
 *
 * @throws SqlError for a statement that cannot be used, SelectionError when the output cannot be formed
 */
export function evaluateRule(trial: RuleTrial): RuleTrialResult {
  const statement = compileStatement(trial.sql, trial.sqlVersion ?? DEFAULT_SQL_VERSION, OFFLINE);
  const ingest = splitBasicIngest(trial.topic);
  if (ingest === undefined && !statement.matchesTopic(trial.topic)) return { match: false };
  let traceId = trial.traceId;
  const result = evaluateStatement(statement, {
    topic: ingest?.topic ?? trial.topic,
    payload: trial.payload,
    clientId: trial.clientId,
    principal: trial.principal,
    sourceIp: trial.sourceIp,
    properties: trial.properties,
    accountId: trial.accountId ?? '123456789012',
    timestamp: trial.now,
    traceId: () => {
      traceId ??= uuid(trial.entropy);
      return traceId;
    },
    entropy: trial.entropy,
  });
  if (!result.match) return { match: false };
  return { match: true, output: result.output, outputBytes: outputBytes(result.output) };
}
