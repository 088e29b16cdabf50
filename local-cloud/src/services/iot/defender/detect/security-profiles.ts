import type {
  AlertTarget,
  Behavior,
  CreateSecurityProfileRequest,
  MetricToRetain,
  UpdateSecurityProfileRequest,
} from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../../core/errors.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { invalidRequest, resourceAlreadyExists, resourceNotFound, versionConflict } from '../../errors.ts';
import { Table } from '../../registry/table.ts';
import { allowText, requireName } from '../../registry/validation.ts';
import { PROFILE_NAME_PATTERN } from '../limits.ts';
import { type BehaviorNames, requireValidBehaviors } from './behavior-validation.ts';
import type { SecurityProfileRecord } from './detect-records.ts';
import { metricTraits } from './metric-catalog.ts';

type ProfileInput = Pick<
  CreateSecurityProfileRequest,
  'additionalMetricsToRetain' | 'additionalMetricsToRetainV2' | 'alertTargets' | 'behaviors' | 'metricsExportConfig'
>;

/** What a profile's devices are expected to do (developer guide, `detect-concepts`). */
export class SecurityProfiles {
  readonly table: Table<SecurityProfileRecord>;
  readonly #context: CloudContext;
  readonly #names: BehaviorNames;
  readonly #arnOf: (name: string) => string;

  constructor(context: CloudContext, names: BehaviorNames, arnOf: (name: string) => string) {
    this.table = new Table(context.store, 'iot/securityProfiles');
    this.#context = context;
    this.#names = names;
    this.#arnOf = arnOf;
  }

  get(name: string | undefined): SecurityProfileRecord {
    requireName('securityProfileName', name, PROFILE_NAME_PATTERN);
    const profile = this.table.get(name);
    if (profile === undefined) throw resourceNotFound(`Security profile not found: ${name}`);
    return profile;
  }

  create(input: CreateSecurityProfileRequest): SecurityProfileRecord {
    const { securityProfileName: name, securityProfileDescription: description } = input;
    requireName('securityProfileName', name, PROFILE_NAME_PATTERN);
    allowText('securityProfileDescription', description, 1000);
    this.#check(input);
    if (this.table.has(name)) {
      throw resourceAlreadyExists(`The security profile ${name} already exists`, this.#arnOf(name), name);
    }
    const now = this.#context.clock.now();
    const alertTarget = readAlertTarget(input.alertTargets);
    const record: SecurityProfileRecord = {
      name,
      ...(description === undefined ? {} : { description }),
      behaviors: input.behaviors ?? [],
      ...(alertTarget === undefined ? {} : { alertTarget }),
      metricsToRetain: input.additionalMetricsToRetainV2 ?? [],
      plainMetricsToRetain: input.additionalMetricsToRetain ?? [],
      version: 1,
      creationDate: now,
      lastModifiedDate: now,
    };
    this.table.put(name, record);
    return record;
  }

  update(input: UpdateSecurityProfileRequest): SecurityProfileRecord {
    const before = this.get(input.securityProfileName);
    if (input.expectedVersion !== undefined && input.expectedVersion !== before.version) {
      throw versionConflict(
        `The security profile ${before.name} has version ${before.version}, not ${input.expectedVersion}`,
      );
    }
    allowText('securityProfileDescription', input.securityProfileDescription, 1000);
    const behaviors = changed('behaviors', input.behaviors, input.deleteBehaviors, before.behaviors, []);
    const alertTarget = changed(
      'alertTargets',
      readAlertTarget(input.alertTargets),
      input.deleteAlertTargets,
      before.alertTarget,
      undefined,
    );
    const drop = input.deleteAdditionalMetricsToRetain;
    const metricsToRetain = changed(
      'additionalMetricsToRetainV2',
      input.additionalMetricsToRetainV2,
      drop,
      before.metricsToRetain,
      [],
    );
    const plain = changed(
      'additionalMetricsToRetain',
      input.additionalMetricsToRetain,
      drop,
      before.plainMetricsToRetain,
      [],
    );
    this.#check({ ...input, behaviors: [...behaviors], additionalMetricsToRetainV2: [...metricsToRetain] });
    const description = input.securityProfileDescription ?? before.description;
    const record: SecurityProfileRecord = {
      name: before.name,
      ...(description === undefined ? {} : { description }),
      behaviors,
      ...(alertTarget === undefined ? {} : { alertTarget }),
      metricsToRetain,
      plainMetricsToRetain: plain,
      version: before.version + 1,
      creationDate: before.creationDate,
      lastModifiedDate: this.#context.clock.now(),
    };
    this.table.put(before.name, record);
    return record;
  }

  /** A profile that does not exist is no error (API DeleteSecurityProfile names none). */
  delete(name: string | undefined, expectedVersion: number | undefined): SecurityProfileRecord | undefined {
    requireName('securityProfileName', name, PROFILE_NAME_PATTERN);
    const profile = this.table.get(name);
    if (profile === undefined) return undefined;
    if (expectedVersion !== undefined && expectedVersion !== profile.version) {
      throw versionConflict(`The security profile ${name} has version ${profile.version}, not ${expectedVersion}`);
    }
    this.table.delete(name);
    return profile;
  }

  /** Profiles that refer to a metric or dimension. */
  using(refers: (reference: Pick<Behavior, 'metric' | 'metricDimension'>) => boolean): string[] {
    return [...this.table.values()]
      .filter(({ behaviors, metricsToRetain, plainMetricsToRetain }) =>
        [...behaviors, ...metricsToRetain, ...plainMetricsToRetain.map((metric) => ({ metric }))].some(refers),
      )
      .map(({ name }) => name);
  }

  #check(input: ProfileInput): void {
    if (input.metricsExportConfig !== undefined) throw new NotImplementedError('metricsExportConfig');
    requireValidBehaviors(input.behaviors ?? [], this.#names);
    const plain = (input.additionalMetricsToRetain ?? []).map((metric): MetricToRetain => ({ metric }));
    for (const { metric, metricDimension, exportMetric } of [...plain, ...(input.additionalMetricsToRetainV2 ?? [])]) {
      if (exportMetric === true) throw new NotImplementedError(`exportMetric of the retained metric ${metric}`);
      const traits = metric === undefined ? undefined : metricTraits(metric, this.#names.customType);
      if (traits === undefined) throw invalidRequest(`${metric} is not a metric`);
      if (metricDimension === undefined) continue;
      if (traits.scopable !== true) throw invalidRequest(`${metric} cannot be used with a dimension`);
      if (!this.#names.hasDimension(metricDimension.dimensionName ?? '')) {
        throw invalidRequest(`The dimension ${metricDimension.dimensionName} does not exist`);
      }
    }
  }
}

/** "If true, delete all …"; both at once contradict each other (API UpdateSecurityProfile). */
function changed<T>(path: string, given: T | undefined, drop: boolean | undefined, before: T, empty: T): T {
  if (drop !== true) return given ?? before;
  if (given !== undefined) throw invalidRequest(`${path} cannot be given when its deletion is asked for`);
  return empty;
}

function readAlertTarget(targets: CreateSecurityProfileRequest['alertTargets']): AlertTarget | undefined {
  for (const kind of Object.keys(targets ?? {})) {
    if (kind !== 'SNS') throw invalidRequest(`${kind} is not a kind of alert target`);
  }
  const target = targets?.SNS;
  if (target === undefined) return undefined;
  new ConstraintViolations()
    .required('alertTargets.SNS.alertTargetArn', target.alertTargetArn)
    .length('alertTargets.SNS.alertTargetArn', target.alertTargetArn, 1, 2048)
    .required('alertTargets.SNS.roleArn', target.roleArn)
    .length('alertTargets.SNS.roleArn', target.roleArn, 20, 2048)
    .throwIfAny('InvalidRequestException');
  return { alertTargetArn: target.alertTargetArn, roleArn: target.roleArn };
}
