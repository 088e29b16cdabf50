import type { MaintenanceWindow, SchedulingConfig } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { invalidRequest } from '../errors.ts';
import { parseCron } from './cron-expression.ts';
import {
  MAX_END_LEAD,
  MAX_SCHEDULE_LENGTH,
  MAX_START_LEAD,
  MAX_WINDOW_MINUTES,
  MIN_SCHEDULE_LEAD,
  MIN_SCHEDULE_LENGTH,
} from './limits.ts';
import { readDateTime } from './schedule.ts';

/** Rules of the API reference, SchedulingConfig and MaintenanceWindow. @throws AwsError InvalidRequestException */
export function checkScheduling(config: SchedulingConfig | undefined, now: number): void {
  if (config === undefined) return;
  const { startTime, endTime, endBehavior, maintenanceWindows } = config;
  new ConstraintViolations()
    .length('schedulingConfig.startTime', startTime, 1, 64)
    .length('schedulingConfig.endTime', endTime, 1, 64)
    .oneOf('schedulingConfig.endBehavior', endBehavior, ['STOP_ROLLOUT', 'CANCEL', 'FORCE_CANCEL'])
    .throwIfAny('InvalidRequestException');
  const start = readTime('startTime', startTime);
  const end = readTime('endTime', endTime);
  if (start !== undefined && (start < now + MIN_SCHEDULE_LEAD || start > now + MAX_START_LEAD)) {
    throw invalidRequest('schedulingConfig.startTime must be between thirty minutes and one year from now');
  }
  if (end !== undefined && (end < now + MIN_SCHEDULE_LEAD || end > now + MAX_END_LEAD)) {
    throw invalidRequest('schedulingConfig.endTime must be between thirty minutes and two years from now');
  }
  if (start !== undefined && end !== undefined) {
    const length = end - start;
    if (length < MIN_SCHEDULE_LENGTH || length > MAX_SCHEDULE_LENGTH) {
      throw invalidRequest('schedulingConfig.endTime must be between thirty minutes and two years after its startTime');
    }
  }
  if (end === undefined && endBehavior !== undefined) {
    throw invalidRequest('schedulingConfig.endBehavior applies only together with an endTime');
  }
  checkMaintenanceWindows('schedulingConfig.maintenanceWindows', maintenanceWindows);
}

export function checkMaintenanceWindows(path: string, windows: readonly MaintenanceWindow[] | undefined): void {
  for (const [index, { startTime, durationInMinutes }] of (windows ?? []).entries()) {
    const member = `${path}.${index + 1}.member`;
    new ConstraintViolations()
      .required(`${member}.startTime`, startTime)
      .length(`${member}.startTime`, startTime, 1, 256)
      .required(`${member}.durationInMinutes`, durationInMinutes)
      .range(`${member}.durationInMinutes`, durationInMinutes, 1, MAX_WINDOW_MINUTES)
      .throwIfAny('InvalidRequestException');
    if (parseCron(startTime ?? '') === undefined) {
      throw invalidRequest(
        `${member}.startTime '${startTime}' is not an expression cron(minutes hours day-of-month month day-of-week year) without L, W and #`,
      );
    }
  }
}

function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = readDateTime(text);
  if (at === undefined) throw invalidRequest(`schedulingConfig.${name} '${text}' is not of the form YYYY-MM-DD HH:MM`);
  return at;
}
