import type { PutRuleRequest, Target } from '@aws-sdk/client-eventbridge';
import { NotImplementedError } from '../../core/errors.ts';
import { parseSchedule } from '../../core/schedule/schedule-expression.ts';
import { validation } from './errors.ts';
import { DEFAULT_BUS, type EventBridge, nameOfBus } from './event-bridge.ts';
import { compilePattern, invalid } from './event-pattern.ts';
import { DEFAULT_AGE_SECONDS, MAX_ATTEMPTS, MAX_PATTERN_LENGTH, MAX_RULES_PER_BUS, MIN_AGE_SECONDS } from './limits.ts';
import type { RuleRecord, TargetRecord } from './records.ts';
import { checkInput } from './target-input.ts';
import { checkTarget } from './targets.ts';

/** A rule as PutRule makes it: new, or with the targets that it had. @throws AwsError */
export function readRule(bridge: EventBridge, input: PutRuleRequest): RuleRecord {
  const { EventPattern: pattern, Name: name = '', ScheduleExpression: schedule } = input;
  if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(name)) throw validation(`Parameter Name '${name}' is not valid.`);
  const bus = bridge.bus(input.EventBusName).name;
  const known = bridge.findRule(bus, name);
  if (pattern === undefined && schedule === undefined) {
    throw validation('Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  if (pattern !== undefined) {
    if (pattern.length > MAX_PATTERN_LENGTH) throw invalid(`Event pattern is longer than ${MAX_PATTERN_LENGTH}`);
    compilePattern(pattern);
  }
  if (schedule !== undefined) {
    const parsed = parseSchedule(schedule);
    if (parsed === undefined || parsed.kind === 'at') throw validation('Parameter ScheduleExpression is not valid.');
    if (bus !== DEFAULT_BUS) throw validation('ScheduleExpression is supported only on the default event bus.');
  }
  const state = input.State ?? 'ENABLED';
  if (state !== 'ENABLED' && state !== 'DISABLED')
    throw new NotImplementedError(`EventBridge: rules in the state ${state}`);
  if (known === undefined && bridge.rules(bus).length >= MAX_RULES_PER_BUS) {
    throw validation(`An event bus can have ${MAX_RULES_PER_BUS} rules.`);
  }
  const restarts =
    known === undefined || known.schedule !== schedule || (known.state === 'DISABLED' && state === 'ENABLED');
  return {
    bus: nameOfBus(bus),
    name,
    description: input.Description,
    pattern,
    schedule,
    state,
    roleArn: input.RoleArn,
    tags: known?.tags ?? (input.Tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value })),
    targets: known?.targets ?? [],
    scheduledFrom: restarts ? bridge.context.clock.now() : known.scheduledFrom,
  };
}

const UNSUPPORTED = [
  'RunCommandParameters',
  'EcsParameters',
  'BatchParameters',
  'HttpParameters',
  'RedshiftDataParameters',
  'SageMakerPipelineParameters',
  'AppSyncParameters',
  'KinesisParameters',
] as const;

/** @throws AwsError `ValidationException`, `NotImplemented` */
export function readTarget(target: Target): TargetRecord {
  const given = UNSUPPORTED.find((member) => target[member] !== undefined);
  if (given !== undefined) throw new NotImplementedError(`EventBridge: ${given} of a target`);
  const { Arn: arn = '', Id: id = '', InputTransformer: transformer, RetryPolicy: retry } = target;
  if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(id)) throw validation(`Parameter Id '${id}' of a target is not valid.`);
  const { MaximumEventAgeInSeconds: age, MaximumRetryAttempts: attempts } = retry ?? {};
  if (attempts !== undefined && (attempts < 0 || attempts > MAX_ATTEMPTS)) {
    throw validation(`MaximumRetryAttempts must be from 0 to ${MAX_ATTEMPTS}`);
  }
  if (age !== undefined && (age < MIN_AGE_SECONDS || age > DEFAULT_AGE_SECONDS)) {
    throw validation(`MaximumEventAgeInSeconds must be from ${MIN_AGE_SECONDS} to ${DEFAULT_AGE_SECONDS}`);
  }
  const record: TargetRecord = {
    id,
    arn,
    roleArn: target.RoleArn,
    input: target.Input,
    inputPath: target.InputPath,
    transformer: transformer && { paths: transformer.InputPathsMap ?? {}, template: transformer.InputTemplate ?? '' },
    deadLetterArn: target.DeadLetterConfig?.Arn,
    maxAttempts: attempts,
    maxAgeSeconds: age,
    messageGroupId: target.SqsParameters?.MessageGroupId,
  };
  checkInput(record);
  checkTarget(record);
  return record;
}

export function wireTarget(target: TargetRecord): Target {
  const { deadLetterArn, maxAgeSeconds, maxAttempts, messageGroupId, transformer } = target;
  const retries = maxAgeSeconds !== undefined || maxAttempts !== undefined;
  return {
    Id: target.id,
    Arn: target.arn,
    RoleArn: target.roleArn,
    Input: target.input,
    InputPath: target.inputPath,
    InputTransformer: transformer && { InputPathsMap: { ...transformer.paths }, InputTemplate: transformer.template },
    DeadLetterConfig: deadLetterArn === undefined ? undefined : { Arn: deadLetterArn },
    RetryPolicy: retries ? { MaximumRetryAttempts: maxAttempts, MaximumEventAgeInSeconds: maxAgeSeconds } : undefined,
    SqsParameters: messageGroupId === undefined ? undefined : { MessageGroupId: messageGroupId },
  };
}
