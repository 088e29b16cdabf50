import { type Account, arn } from '../../../core/account.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import {
  MAX_CLIENT_ID_LENGTH,
  MAX_SHADOW_NAME_LENGTH,
  MAX_THING_NAME_LENGTH,
  SHADOW_NAME_PATTERN,
  THING_NAME_PATTERN,
} from '../limits.ts';
import type { ShadowId } from '../shadow/shadow-document.ts';
import type { ShadowService } from '../shadow/shadow-service.ts';

/** What the operations of the data plane work with. */
export interface DataPlaneService {
  readonly context: CloudContext;
  readonly shadows: ShadowService;
}

export function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequestException', message, 400);
}

export function resourceNotFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message, 404);
}

/** `thing/thingOne`, `thing/thingOne/shadowOne` (developer guide, `iot-action-resources`). */
export function shadowArn(account: Account, { thingName = '', shadowName }: Partial<ShadowNames>): string {
  return arn(account, 'iot', shadowName === undefined ? `thing/${thingName}` : `thing/${thingName}/${shadowName}`);
}

export function topicArn(account: Account, topic: string | undefined): string {
  return arn(account, 'iot', `topic/${topic ?? ''}`);
}

export function clientArn(account: Account, clientId: string | undefined): string {
  return arn(account, 'iot', `client/${clientId ?? ''}`);
}

export interface ShadowNames {
  readonly thingName: string | undefined;
  readonly shadowName?: string | undefined;
}

/** @throws AwsError `InvalidRequestException` */
export function shadowIdOf({ thingName, shadowName }: ShadowNames): ShadowId {
  new ConstraintViolations()
    .required('thingName', thingName)
    .length('thingName', thingName, 1, MAX_THING_NAME_LENGTH)
    .pattern('thingName', thingName, THING_NAME_PATTERN)
    .length('shadowName', shadowName, 1, MAX_SHADOW_NAME_LENGTH)
    .pattern('shadowName', shadowName, SHADOW_NAME_PATTERN)
    .throwIfAny('InvalidRequestException');
  return { thingName: thingName as string, shadowName };
}

/** "Pattern: ^[^$].*" (DeleteConnection, `clientId`). @throws AwsError `InvalidRequestException` */
export function requireClientId(clientId: string | undefined): asserts clientId is string {
  new ConstraintViolations()
    .required('clientId', clientId)
    .length('clientId', clientId, 1, MAX_CLIENT_ID_LENGTH)
    .pattern('clientId', clientId, '[^$][^]*')
    .throwIfAny('InvalidRequestException');
}
