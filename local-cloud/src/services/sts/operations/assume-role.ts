import type { GetRoleResponse } from '@aws-sdk/client-iam';
import type { AssumeRoleRequest, AssumeRoleResponse } from '@aws-sdk/client-sts';
import type { ApiCall, Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { administratorOf } from '../../../core/iam/administrator.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { DEFAULT_SESSION_DURATION, MAX_CHAINED_SESSION_DURATION, MIN_SESSION_DURATION } from '../limits.ts';

const UNBUILT: readonly (keyof AssumeRoleRequest)[] = [
  'PolicyArns',
  'Policy',
  'Tags',
  'TransitiveTagKeys',
  'SerialNumber',
  'TokenCode',
  'SourceIdentity',
  'ProvidedContexts',
  'MinimumSessionTokenSize',
];

/** Who may assume the role is the trust policy's decision, made while handling. */
export function assumeRole(context: CloudContext): Operation<AssumeRoleRequest, AssumeRoleResponse> {
  async function lifetimeOf(input: AssumeRoleRequest, roleName: string, call: ApiCall): Promise<number> {
    const seconds = input.DurationSeconds ?? DEFAULT_SESSION_DURATION;
    const administrator = administratorOf(context.account);
    const { Role } = await context.api.call<GetRoleResponse>(administrator, 'iam', 'GetRole', { RoleName: roleName });
    if (seconds > (Role?.MaxSessionDuration ?? DEFAULT_SESSION_DURATION)) {
      throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
    }
    if (call.principal.kind === 'assumed-role' && seconds > MAX_CHAINED_SESSION_DURATION) {
      throw validationError(
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      );
    }
    return seconds * 1000;
  }

  return {
    name: 'AssumeRole',
    authorize: () => [],
    async handle(input, call) {
      for (const parameter of UNBUILT) {
        if (input[parameter] !== undefined) throw new NotImplementedError(`sts AssumeRole ${parameter}`);
      }
      const { RoleArn = '', RoleSessionName = '', ExternalId } = input;
      checkInput(input);
      const session = context.ports.get('authorizer').assumeRole(call.principal, RoleArn, RoleSessionName, {
        origin: call,
        conditions: { 'sts:ExternalId': ExternalId },
      });
      const lifetime = await lifetimeOf(input, session.roleName, call);
      const credentials = context.ports.get('credentials').issue(session, lifetime);
      await context.store.durable();
      return {
        Credentials: {
          AccessKeyId: credentials.accessKeyId,
          SecretAccessKey: credentials.secretAccessKey,
          SessionToken: credentials.sessionToken,
          Expiration: new Date(credentials.expiration ?? 0),
        },
        AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
      };
    },
  };
}

/** AssumeRole, "Request Parameters". */
function checkInput({ RoleArn = '', RoleSessionName = '', DurationSeconds }: AssumeRoleRequest): void {
  if (!/^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(RoleArn)) throw validationError(`${RoleArn} is invalid`);
  if (!/^[\w+=,.@-]{2,64}$/.test(RoleSessionName)) {
    throw validationError(
      `1 validation error detected: Value '${RoleSessionName}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]* and have a length between 2 and 64`,
    );
  }
  if (
    DurationSeconds !== undefined &&
    !(Number.isInteger(DurationSeconds) && DurationSeconds >= MIN_SESSION_DURATION)
  ) {
    throw validationError(
      `1 validation error detected: Value '${DurationSeconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to ${MIN_SESSION_DURATION}`,
    );
  }
}

function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message, 400);
}
