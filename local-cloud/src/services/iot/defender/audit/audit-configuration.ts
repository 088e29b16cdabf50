import type {
  AuditCheckConfiguration,
  AuditNotificationTarget,
  DescribeAccountAuditConfigurationResponse,
  UpdateAccountAuditConfigurationRequest,
} from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../../core/errors.ts';
import type { Collection, Store } from '../../../../core/store.ts';
import { invalidRequest, resourceNotFound } from '../../errors.ts';
import { MAX_CERTIFICATE_THRESHOLD, MIN_CERTIFICATE_THRESHOLD } from '../limits.ts';
import { CHECK_NAMES, type CheckName, readCheckName, traitsOf } from './audit-checks.ts';
import type { AuditConfigurationRecord, CheckConfiguration, NotificationTarget } from './audit-records.ts';

const KEY = 'account';
type ChecksListener = (enabled: ReadonlySet<CheckName>) => void;

/** Audit settings of the account (developer guide, `AuditCommands`, "Manage audit settings"). */
export class AuditConfiguration {
  readonly #records: Collection<AuditConfigurationRecord>;
  readonly #listeners: ChecksListener[] = [];
  /** Names of checks that scheduled audits use. */
  #inUse: () => ReadonlySet<CheckName> = () => new Set();

  constructor(store: Store) {
    this.#records = store.collection('iot/auditConfiguration');
  }

  usedBySchedules(inUse: () => ReadonlySet<CheckName>): void {
    this.#inUse = inUse;
  }

  /** Told of the enabled checks now and whenever they change: some gather data while they are enabled. */
  onChecks(listener: ChecksListener): void {
    this.#listeners.push(listener);
    listener(this.enabledChecks());
  }

  get(): AuditConfigurationRecord | undefined {
    return this.#records.get(KEY);
  }

  isEnabled(name: CheckName): boolean {
    return this.get()?.checks[name]?.enabled === true;
  }

  enabledChecks(): ReadonlySet<CheckName> {
    return new Set(CHECK_NAMES.filter((name) => this.isEnabled(name)));
  }

  /** A threshold in days, as configured for a check. */
  days(name: CheckName, otherwise: number): number {
    const { configuration } = traitsOf(name);
    const text = configuration === undefined ? undefined : this.get()?.checks[name]?.configuration?.[configuration];
    return text === undefined ? otherwise : Number(text);
  }

  describe(): DescribeAccountAuditConfigurationResponse {
    const record = this.get();
    const checks = CHECK_NAMES.map((name) => [name, record?.checks[name] ?? { enabled: false }] as const);
    return {
      ...(record === undefined ? {} : { roleArn: record.roleArn }),
      ...(record?.notificationTarget === undefined
        ? {}
        : { auditNotificationTargetConfigurations: { SNS: { ...record.notificationTarget } } }),
      auditCheckConfigurations: Object.fromEntries(checks) as Record<string, AuditCheckConfiguration>,
    };
  }

  update(input: UpdateAccountAuditConfigurationRequest): void {
    const before = this.get();
    new ConstraintViolations().length('roleArn', input.roleArn, 20, 2048).throwIfAny('InvalidRequestException');
    const roleArn = input.roleArn ?? before?.roleArn;
    if (roleArn === undefined) {
      throw invalidRequest('roleArn is required on the first call to UpdateAccountAuditConfiguration');
    }
    const checks: Partial<Record<CheckName, CheckConfiguration>> = { ...before?.checks };
    const inUse = this.#inUse();
    for (const [key, given] of Object.entries(input.auditCheckConfigurations ?? {})) {
      const name = readCheckName(key);
      const configuration = readCheck(name, given);
      if (!configuration.enabled && inUse.has(name)) {
        throw invalidRequest(`The check ${name} cannot be disabled because it is used by a scheduled audit`);
      }
      checks[name] = { ...checks[name], ...configuration };
    }
    const target = changedTarget(before?.notificationTarget, input.auditNotificationTargetConfigurations);
    this.#records.put(KEY, { roleArn, checks, ...(target === undefined ? {} : { notificationTarget: target }) });
    this.#tell();
  }

  /** Restores the defaults: all checks disabled. */
  delete(): void {
    if (!this.#records.delete(KEY)) throw resourceNotFound('The account has no audit configuration');
    this.#tell();
  }

  #tell(): void {
    const enabled = this.enabledChecks();
    for (const listener of this.#listeners) listener(enabled);
  }
}

function readCheck(name: CheckName, given: AuditCheckConfiguration): CheckConfiguration {
  const enabled = given.enabled === true;
  const { unavailable, configuration: key } = traitsOf(name);
  if (enabled && unavailable !== undefined) {
    throw new NotImplementedError(`the audit check ${name}, which needs ${unavailable},`);
  }
  if (given.configuration === undefined) return { enabled };
  const configuration: Record<string, string> = {};
  for (const [option, value] of Object.entries(given.configuration)) {
    if (option !== key) throw invalidRequest(`The check ${name} has no configuration ${option}`);
    const days = Number(value);
    if (!/^[0-9]+$/.test(value) || days < MIN_CERTIFICATE_THRESHOLD || days > MAX_CERTIFICATE_THRESHOLD) {
      throw invalidRequest(
        `${option} of ${name} must be a number of days from ${MIN_CERTIFICATE_THRESHOLD} to ${MAX_CERTIFICATE_THRESHOLD}, not ${value}`,
      );
    }
    configuration[option] = value;
  }
  return { enabled, configuration };
}

function changedTarget(
  before: NotificationTarget | undefined,
  given: UpdateAccountAuditConfigurationRequest['auditNotificationTargetConfigurations'],
): NotificationTarget | undefined {
  for (const kind of Object.keys(given ?? {})) {
    if (kind !== 'SNS') throw invalidRequest(`${kind} is not a kind of audit notification target`);
  }
  const target: AuditNotificationTarget | undefined = given?.SNS;
  if (target === undefined) return before;
  const changed: NotificationTarget = { ...before, ...withoutUndefined(target), enabled: target.enabled === true };
  if (changed.enabled && (changed.targetArn === undefined || changed.roleArn === undefined)) {
    throw invalidRequest('An enabled notification target needs targetArn and roleArn');
  }
  return changed;
}

function withoutUndefined(target: AuditNotificationTarget): Partial<NotificationTarget> {
  return Object.fromEntries(Object.entries(target).filter(([, value]) => value !== undefined));
}
