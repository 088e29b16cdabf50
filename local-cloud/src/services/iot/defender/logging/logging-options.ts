import type { LogLevel, LogTargetType, SetV2LoggingOptionsRequest } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../../../core/errors.ts';
import type { Collection, Store } from '../../../../core/store.ts';
import { invalidRequest } from '../../errors.ts';
import { Table } from '../../registry/table.ts';

const LEVELS: readonly LogLevel[] = ['DEBUG', 'INFO', 'ERROR', 'WARN', 'DISABLED'];
/** Each level holds the entries of those before it ("Log levels"). */
const RANKS: Readonly<Record<LogLevel, number>> = { DISABLED: 0, ERROR: 1, WARN: 2, INFO: 3, DEBUG: 4 };
const TARGETS: readonly LogTargetType[] = ['THING_GROUP', 'CLIENT_ID', 'SOURCE_IP', 'PRINCIPAL_ID'];
const V1 = 'v1';
const V2 = 'v2';

interface LoggingRecord {
  readonly roleArn?: string;
  readonly level?: LogLevel;
  readonly disableAllLogs?: boolean;
}

export interface LogTargetRecord {
  readonly targetType: LogTargetType;
  readonly targetName: string;
  readonly level: LogLevel;
}

/** What a target can be called: client ids and thing groups have at most 128 characters, the other kinds fewer. */
const MAX_TARGET_NAME = 128;

/** The settings of AWS IoT logging (developer guide, `configure-logging`). */
export class LoggingOptions {
  readonly targets: Table<LogTargetRecord>;
  readonly #options: Collection<LoggingRecord>;

  /** Of targets with a level of their own; empty while all logs are disabled. */
  ranksByTarget: ReadonlyMap<string, number> = new Map();
  defaultRank = 0;
  /** Nothing above it is written for anybody. */
  highestRank = 0;

  constructor(store: Store) {
    this.#options = store.collection('iot/loggingOptions');
    this.targets = new Table(store, 'iot/loggingLevels');
    this.#rank();
  }

  v1(): LoggingRecord {
    return this.#options.get(V1) ?? {};
  }

  setV1(roleArn: string | undefined, level: LogLevel | undefined): void {
    checkLevel('loggingOptionsPayload.logLevel', level);
    new ConstraintViolations().required('loggingOptionsPayload.roleArn', roleArn).throwIfAny('InvalidRequestException');
    this.#options.put(V1, {
      ...(roleArn === undefined ? {} : { roleArn }),
      level: level ?? this.v1().level ?? 'ERROR',
    });
  }

  /** @throws AwsError NotConfiguredException before the first SetV2LoggingOptions */
  v2(): LoggingRecord {
    const options = this.#options.get(V2);
    if (options === undefined) {
      throw new AwsError('NotConfiguredException', 'Log settings have not been configured for this account.', 404);
    }
    return options;
  }

  /** Fine-grained logging is configured, and not turned off. */
  isEnabled(): boolean {
    const options = this.#options.get(V2);
    return options !== undefined && options.disableAllLogs !== true && options.level !== 'DISABLED';
  }

  setV2(input: SetV2LoggingOptionsRequest): void {
    checkLevel('defaultLogLevel', input.defaultLogLevel);
    if ((input.eventConfigurations ?? []).length > 0) {
      throw new NotImplementedError('eventConfigurations of SetV2LoggingOptions');
    }
    const before = this.#options.get(V2);
    const roleArn = input.roleArn ?? before?.roleArn;
    const disableAllLogs = input.disableAllLogs ?? before?.disableAllLogs ?? false;
    if (roleArn === undefined && !disableAllLogs) throw invalidRequest('roleArn is required to enable logging');
    this.#options.put(V2, {
      ...(roleArn === undefined ? {} : { roleArn }),
      level: input.defaultLogLevel ?? before?.level ?? 'ERROR',
      disableAllLogs,
    });
    this.#rank();
  }

  setLevel(type: string | undefined, name: string | undefined, level: string | undefined): void {
    new ConstraintViolations()
      .required('logTarget.targetType', type)
      .oneOf('logTarget.targetType', type, ['DEFAULT', ...TARGETS])
      .required('logLevel', level)
      .throwIfAny('InvalidRequestException');
    checkLevel('logLevel', level);
    if (type === 'DEFAULT') {
      this.setV2({ defaultLogLevel: level as LogLevel });
      return;
    }
    new ConstraintViolations()
      .required('logTarget.targetName', name)
      .length('logTarget.targetName', name, 1, MAX_TARGET_NAME)
      .throwIfAny('InvalidRequestException');
    this.v2();
    const record = { targetType: type as LogTargetType, targetName: name as string, level: level as LogLevel };
    this.targets.put(targetKey(record), record);
    this.#rank();
  }

  /** Deleting what is not set is no error. */
  deleteLevel(targetType: string | undefined, targetName: string | undefined): void {
    new ConstraintViolations()
      .required('targetType', targetType)
      .oneOf('targetType', targetType, TARGETS)
      .required('targetName', targetName)
      .throwIfAny('InvalidRequestException');
    this.targets.delete(targetKey({ targetType: targetType as LogTargetType, targetName: targetName as string }));
    this.#rank();
  }

  #rank(): void {
    const { roleArn, level, disableAllLogs } = this.#options.get(V2) ?? {};
    const on = roleArn !== undefined && disableAllLogs !== true;
    const targets = on ? [...this.targets.values()] : [];
    this.defaultRank = on ? levelRank(level ?? 'DISABLED') : 0;
    this.ranksByTarget = new Map(targets.map((target) => [targetKey(target), levelRank(target.level)]));
    this.highestRank = Math.max(this.defaultRank, ...this.ranksByTarget.values());
  }
}

export function levelRank(level: LogLevel): number {
  return RANKS[level];
}

function targetKey({ targetType, targetName }: Pick<LogTargetRecord, 'targetType' | 'targetName'>): string {
  return `${targetType}/${targetName}`;
}

function checkLevel(path: string, level: string | undefined): void {
  new ConstraintViolations().oneOf(path, level, LEVELS).throwIfAny('InvalidRequestException');
}
