import type { X509Certificate } from 'node:crypto';
import type { GetRoleResponse } from '@aws-sdk/client-iam';
import type { RawRequest, RawResponse } from '../../core/api.ts';
import type { DeviceCredentialsProvider } from '../../core/device-credentials.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import { administratorOf } from '../../core/iam/administrator.ts';
import type { Credentials } from '../../core/iam/authorizer.ts';
import { certificateIdOf } from './certificate-authority.ts';
import type { IotService } from './iot-service.ts';
import type { RoleAliasRecord } from './registry/records.ts';

const PATH = /^\/role-aliases\/([^/]+)\/credentials$/;
const THING_NAME = 'x-amzn-iot-thingname';

class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly statusCode: number;

  constructor(statusCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.statusCode = statusCode;
  }
}

/**
 * Exchanges a device's certificate for temporary credentials of the role behind a role alias (developer guide,
 * `authorizing-direct-aws`). The device's policies must allow `iot:AssumeRoleWithCertificate` on the alias, and the role
 * must trust `credentials.iot.amazonaws.com`. The role's policies see `credentials-iot:ThingName`, `…ThingTypeName` and
 * `…AwsCertificateId`.
 */
export class CredentialsProvider implements DeviceCredentialsProvider {
  readonly #service: IotService;

  constructor(service: IotService) {
    this.#service = service;
  }

  answer(
    { method, path, headers }: Pick<RawRequest, 'method' | 'headers'> & { readonly path: string },
    certificate: X509Certificate | undefined,
    sourceIp: string,
  ): Promise<RawResponse> | undefined {
    const alias = PATH.exec(path)?.[1];
    if (alias === undefined || method !== 'GET') return undefined;
    return this.#issue(alias, headers[THING_NAME], certificate, sourceIp).then(
      ({ accessKeyId, secretAccessKey, sessionToken, expiration = 0 }) =>
        response(200, {
          credentials: { accessKeyId, secretAccessKey, sessionToken, expiration: isoSeconds(expiration) },
        }),
      (error: unknown) => this.#refuse(alias, error),
    );
  }

  async #issue(
    encodedAlias: string,
    thingName: string | undefined,
    certificate: X509Certificate | undefined,
    sourceIp: string,
  ): Promise<Credentials> {
    const { context, registry } = this.#service;
    if (certificate === undefined) throw new Refusal(403, 'Access Denied');
    const devices = context.ports.get('devices');
    const connection = await devices.authenticate({ kind: 'certificate', certificate }, thingName ?? '', sourceIp);
    if (connection === undefined) throw new Refusal(403, 'Access Denied');
    const certificateId = certificateIdOf(certificate);
    // "The ThingName … must match the name of the AWS IoT Thing resource assigned to a cert. If it doesn't match, a 403 …"
    if (thingName !== undefined && !registry.state.attachments.has(thingName, certificateId)) {
      throw new Refusal(403, 'Invalid thing name passed');
    }
    const name = decoded(encodedAlias);
    if (!devices.mayCall(connection, 'iot:AssumeRoleWithCertificate', registry.state.arn('rolealias', name))) {
      throw new Refusal(403, 'Access Denied');
    }
    const alias = registry.state.roleAliases.get(name);
    if (alias === undefined) throw new Refusal(404, 'Role alias does not exist');
    return this.#assume(alias, certificateId, thingName);
  }

  async #assume(alias: RoleAliasRecord, certificateId: string, thingName: string | undefined): Promise<Credentials> {
    const { context, registry } = this.#service;
    const { account, api, ports } = context;
    const principal = {
      kind: 'service',
      service: 'credentials.iot.amazonaws.com',
      sourceArn: registry.state.arn('rolealias', alias.name),
      sourceAccount: account.accountId,
    } as const;
    try {
      const session = ports.get('authorizer').assumeRole(principal, alias.roleArn, certificateId);
      const RoleName = alias.roleArn.slice(alias.roleArn.lastIndexOf('/') + 1);
      const { Role } = await api.call<GetRoleResponse>(administratorOf(account), 'iam', 'GetRole', { RoleName });
      const longest = Role?.MaxSessionDuration ?? 3600;
      if (alias.credentialDurationSeconds > longest) {
        throw new Refusal(400, `The requested DurationSeconds exceeds the MaxSessionDuration of ${alias.roleArn}`);
      }
      const type = thingName === undefined ? undefined : registry.state.things.get(thingName)?.typeName;
      const sessionContext = {
        'credentials-iot:AwsCertificateId': certificateId,
        ...(thingName === undefined ? {} : { 'credentials-iot:ThingName': thingName }),
        ...(type === undefined ? {} : { 'credentials-iot:ThingTypeName': type }),
      };
      const credentials = ports
        .get('credentials')
        .issue({ ...session, sessionContext }, alias.credentialDurationSeconds * 1000);
      await context.store.durable();
      return credentials;
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw new Refusal(403, 'Access Denied', error);
    }
  }

  #refuse(alias: string, error: unknown): RawResponse {
    const { log } = this.#service.context;
    const cause = error instanceof Error && error.cause !== undefined ? { cause: messageOf(error.cause) } : {};
    log('info', 'the credentials provider refused a device', { alias, reason: messageOf(error), ...cause });
    if (error instanceof Refusal) return response(error.statusCode, { message: error.message });
    return response(500, { message: 'Internal Failure' });
  }
}

function response(statusCode: number, body: object): RawResponse {
  const headers = { 'content-type': 'application/json' };
  return { statusCode, headers, body: Buffer.from(JSON.stringify(body)) };
}

/** As the guide shows it: `2018-01-18T09:18:06Z`. */
function isoSeconds(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(400, 'Malformed path');
  }
}
