import type {
  AbortConfig,
  JobExecutionsRetryConfig,
  JobExecutionsRolloutConfig,
  PresignedUrlConfig,
  TimeoutConfig,
} from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { invalidRequest } from '../errors.ts';
import {
  DEFAULT_URL_LIFETIME,
  MAX_INCREMENT_FACTOR,
  MAX_RETRIES,
  MAX_ROLLOUT_RATE,
  MAX_TIMEOUT,
  MAX_URL_LIFETIME,
  MIN_INCREMENT_FACTOR,
  MIN_TIMEOUT,
  MIN_URL_LIFETIME,
} from './limits.ts';
import type { JobSettings, PresignedUrlSettings } from './records.ts';

/** The members that CreateJob, UpdateJob and CreateJobTemplate share. */
export interface SettingsInput {
  readonly presignedUrlConfig?: PresignedUrlConfig | undefined;
  readonly jobExecutionsRolloutConfig?: JobExecutionsRolloutConfig | undefined;
  readonly abortConfig?: AbortConfig | undefined;
  readonly timeoutConfig?: TimeoutConfig | undefined;
  readonly jobExecutionsRetryConfig?: JobExecutionsRetryConfig | undefined;
}

/** @throws AwsError InvalidRequestException, by the ranges of the API reference and `job-configurations-api` */
export function readSettings(input: SettingsInput): JobSettings {
  const violations = new ConstraintViolations();
  checkRollout(violations, input.jobExecutionsRolloutConfig);
  checkAbort(violations, input.abortConfig);
  checkRetry(violations, input.jobExecutionsRetryConfig);
  const { inProgressTimeoutInMinutes: timeout } = input.timeoutConfig ?? {};
  violations.range('timeoutConfig.inProgressTimeoutInMinutes', timeout, MIN_TIMEOUT, MAX_TIMEOUT);
  const { expiresInSec, roleArn } = input.presignedUrlConfig ?? {};
  violations
    .range('presignedUrlConfig.expiresInSec', expiresInSec, MIN_URL_LIFETIME, MAX_URL_LIFETIME)
    .length('presignedUrlConfig.roleArn', roleArn, 20, 2048)
    .throwIfAny('InvalidRequestException');
  const presignedUrl = readPresignedUrl(input.presignedUrlConfig);
  return {
    ...(presignedUrl === undefined ? {} : { presignedUrl }),
    ...(input.jobExecutionsRolloutConfig === undefined ? {} : { rollout: input.jobExecutionsRolloutConfig }),
    ...(input.abortConfig === undefined ? {} : { abort: input.abortConfig }),
    ...(timeout === undefined ? {} : { timeoutMinutes: timeout }),
    ...(input.jobExecutionsRetryConfig === undefined ? {} : { retry: input.jobExecutionsRetryConfig }),
  };
}

/** What only holds for the whole: a job's own settings over those of its template, or an update over the job's. */
export function checkTogether(settings: JobSettings): void {
  const retriesTimeouts = settings.retry?.criteriaList?.some(
    ({ failureType, numberOfRetries }) => failureType === 'TIMED_OUT' && (numberOfRetries ?? 0) > 0,
  );
  // "To retry execution because of a timeout failure, you must enable the timeout configuration."
  if (retriesTimeouts === true && settings.timeoutMinutes === undefined) {
    throw invalidRequest('timeoutConfig is required to retry job executions that are TIMED_OUT');
  }
}

/** The settings as the API shows them. */
export function showSettings(settings: JobSettings): SettingsInput {
  return {
    ...(settings.presignedUrl === undefined ? {} : { presignedUrlConfig: { ...settings.presignedUrl } }),
    ...(settings.rollout === undefined ? {} : { jobExecutionsRolloutConfig: settings.rollout }),
    ...(settings.abort === undefined ? {} : { abortConfig: settings.abort }),
    ...(settings.timeoutMinutes === undefined
      ? {}
      : { timeoutConfig: { inProgressTimeoutInMinutes: settings.timeoutMinutes } }),
    ...(settings.retry === undefined ? {} : { jobExecutionsRetryConfig: settings.retry }),
  };
}

function readPresignedUrl(config: PresignedUrlConfig | undefined): PresignedUrlSettings | undefined {
  if (config === undefined) return undefined;
  if (config.roleArn === undefined) throw invalidRequest('presignedUrlConfig.roleArn is required');
  return { roleArn: config.roleArn, expiresInSec: config.expiresInSec ?? DEFAULT_URL_LIFETIME };
}

function checkRollout(violations: ConstraintViolations, config: JobExecutionsRolloutConfig | undefined): void {
  const path = 'jobExecutionsRolloutConfig';
  violations.range(`${path}.maximumPerMinute`, config?.maximumPerMinute, 1, MAX_ROLLOUT_RATE);
  const exponential = config?.exponentialRate;
  if (exponential === undefined) return;
  const { baseRatePerMinute, incrementFactor, rateIncreaseCriteria } = exponential;
  const { numberOfNotifiedThings: notified, numberOfSucceededThings: succeeded } = rateIncreaseCriteria ?? {};
  violations
    .required(`${path}.exponentialRate.baseRatePerMinute`, baseRatePerMinute)
    .range(`${path}.exponentialRate.baseRatePerMinute`, baseRatePerMinute, 1, MAX_ROLLOUT_RATE)
    .required(`${path}.exponentialRate.incrementFactor`, incrementFactor)
    .range(`${path}.exponentialRate.incrementFactor`, incrementFactor, MIN_INCREMENT_FACTOR, MAX_INCREMENT_FACTOR)
    .required(`${path}.exponentialRate.rateIncreaseCriteria`, rateIncreaseCriteria)
    .range(`${path}.exponentialRate.rateIncreaseCriteria.numberOfNotifiedThings`, notified, 1, Number.MAX_SAFE_INTEGER)
    .range(
      `${path}.exponentialRate.rateIncreaseCriteria.numberOfSucceededThings`,
      succeeded,
      1,
      Number.MAX_SAFE_INTEGER,
    );
  if (rateIncreaseCriteria !== undefined && notified === undefined && succeeded === undefined) {
    throw invalidRequest('rateIncreaseCriteria needs numberOfNotifiedThings or numberOfSucceededThings');
  }
  // "up to one digit after the decimal (for example, 1.5, but not 1.55)"
  if (incrementFactor !== undefined && !hasDecimals(incrementFactor, 1)) {
    throw invalidRequest('incrementFactor can have at most one digit after the decimal');
  }
}

function checkAbort(violations: ConstraintViolations, config: AbortConfig | undefined): void {
  if (config === undefined) return;
  violations
    .required('abortConfig.criteriaList', config.criteriaList)
    .length('abortConfig.criteriaList', config.criteriaList, 1, Number.MAX_SAFE_INTEGER);
  for (const [index, criterion] of (config.criteriaList ?? []).entries()) {
    const path = `abortConfig.criteriaList.${index + 1}.member`;
    const { failureType, action, thresholdPercentage, minNumberOfExecutedThings } = criterion;
    violations
      .required(`${path}.failureType`, failureType)
      .oneOf(`${path}.failureType`, failureType, ['FAILED', 'REJECTED', 'TIMED_OUT', 'ALL'])
      .required(`${path}.action`, action)
      .oneOf(`${path}.action`, action, ['CANCEL'])
      .required(`${path}.thresholdPercentage`, thresholdPercentage)
      .range(`${path}.thresholdPercentage`, thresholdPercentage, 0, 100)
      .required(`${path}.minNumberOfExecutedThings`, minNumberOfExecutedThings)
      .range(`${path}.minNumberOfExecutedThings`, minNumberOfExecutedThings, 1, Number.MAX_SAFE_INTEGER);
    // "up to two digits after the decimal (for example, 10.9 and 10.99, but not 10.999)"
    if (thresholdPercentage !== undefined && !hasDecimals(thresholdPercentage, 2)) {
      throw invalidRequest('thresholdPercentage can have at most two digits after the decimal');
    }
  }
}

function checkRetry(violations: ConstraintViolations, config: JobExecutionsRetryConfig | undefined): void {
  if (config === undefined) return;
  const criteria = config.criteriaList ?? [];
  violations
    .required('jobExecutionsRetryConfig.criteriaList', config.criteriaList)
    .length('jobExecutionsRetryConfig.criteriaList', config.criteriaList, 1, 2);
  for (const [index, { failureType, numberOfRetries }] of criteria.entries()) {
    const path = `jobExecutionsRetryConfig.criteriaList.${index + 1}.member`;
    violations
      .required(`${path}.failureType`, failureType)
      .oneOf(`${path}.failureType`, failureType, ['FAILED', 'TIMED_OUT', 'ALL'])
      .required(`${path}.numberOfRetries`, numberOfRetries)
      .range(`${path}.numberOfRetries`, numberOfRetries, 0, MAX_RETRIES);
  }
  const types = criteria.map(({ failureType }) => failureType);
  if (new Set(types).size < types.length || (types.length > 1 && types.includes('ALL'))) {
    throw invalidRequest('jobExecutionsRetryConfig can name each failure type once, and ALL only alone');
  }
  // "you can specify up to 10 retries for both failure types combined"
  if (criteria.reduce((sum, { numberOfRetries }) => sum + (numberOfRetries ?? 0), 0) > MAX_RETRIES) {
    throw invalidRequest(`jobExecutionsRetryConfig can allow at most ${MAX_RETRIES} retries in all`);
  }
}

function hasDecimals(value: number, most: number): boolean {
  return (String(value).split('.')[1]?.length ?? 0) <= most;
}
