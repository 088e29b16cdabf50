import type { Timer } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { ConnectFeatures, CustomAuthenticationRequest, DeviceConnection, IotAction } from '../../../core/mqtt.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { iotArn } from '../arns.ts';
import { type ArnPrefixes, arnPrefixes, EvaluatedPolicies } from '../policy-evaluation/evaluated-policies.ts';
import type { CredentialsOf, IdentityKind } from '../policy-evaluation/identity-kind.ts';
import { refusesClients } from '../registry/domain-configurations.ts';
import type { AuthorizerRecord } from '../registry/records.ts';
import type { Registry } from '../registry/registry.ts';
import { askAuthorizer } from './ask-authorizer.ts';
import { authorizerNameOf } from './authorizer-request.ts';
import type { AuthorizerResult } from './authorizer-result.ts';

interface CachedResult {
  readonly result: AuthorizerResult;
  /** ms since the epoch */
  readonly until: number;
}

/** Headers that differ between requests of the same sender. */
const PASSING_HEADERS = new Set(['content-length', 'date', 'x-amz-date']);

/**
 * Identities that a custom authorizer vouches for (developer guide, `custom-authentication`).
 *
 * INVARIANTS
 * - A connection acts under the policies of the latest answer of its authorizer; once a refresh fails it may do nothing,
 *   and is ended.
 * - A refresh is due every `refreshAfterInSeconds` as long as the connection lives, whether or not it is used.
 */
export class CustomIdentities implements IdentityKind<'custom'> {
  readonly #context: CloudContext;
  readonly #registry: Pick<Registry, 'authorizers' | 'domainConfigurations'>;
  readonly #prefixes: ArnPrefixes;
  readonly #policies = new WeakMap<DeviceConnection, EvaluatedPolicies>();
  readonly #httpResults = new WeakMap<object, Map<string, CachedResult>>();
  readonly #timers = new Set<Timer>();

  constructor(context: CloudContext, registry: Pick<Registry, 'authorizers' | 'domainConfigurations'>) {
    this.#context = context;
    this.#registry = registry;
    this.#prefixes = arnPrefixes(context.account);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  async authenticate(
    { request }: CredentialsOf<'custom'>,
    clientId: string,
    sourceIp: string,
  ): Promise<DeviceConnection | undefined> {
    const result = await this.#ask(request);
    if (result === undefined) return undefined;
    const connection: DeviceConnection = {
      clientId,
      principalId: result.principalId,
      sourceIp,
      ...(request.serverName === undefined ? {} : { serverName: request.serverName }),
      endsAt: this.#context.clock.now() + result.disconnectAfterInSeconds * 1000,
    };
    this.#use(connection, result);
    if (request.protocols.includes('mqtt')) this.#scheduleRefresh(connection, request, result);
    return connection;
  }

  isAllowed(
    connection: DeviceConnection,
    action: IotAction,
    resource: string,
    features: ConnectFeatures | undefined,
  ): boolean {
    return this.#policies.get(connection)?.isAllowed(action, resource, features) === true;
  }

  mayCall(connection: DeviceConnection, action: string, resourceArn: string): boolean {
    return this.#policies.get(connection)?.mayCall(action, resourceArn) === true;
  }

  /** The answer of the request's authorizer; undefined where it is refused, for whatever reason. */
  async #ask(request: CustomAuthenticationRequest): Promise<AuthorizerResult | undefined> {
    const authorizer = this.#authorizerOf(request);
    if (authorizer?.status !== 'ACTIVE') {
      this.#refuse(authorizerNameOf(request), 'there is no active authorizer');
      return undefined;
    }
    const cached = this.#cachedResult(authorizer, request);
    if (cached !== undefined) return cached;
    try {
      const result = await askAuthorizer(this.#context, authorizer, request);
      if (!result.isAuthenticated) {
        this.#refuse(authorizer.name, 'its function did not authenticate the request');
        return undefined;
      }
      this.#keepResult(authorizer, request, result);
      return result;
    } catch (error) {
      this.#refuse(authorizer.name, messageOf(error));
      return undefined;
    }
  }

  /** Named by the request, or else the default of its domain or of the account. */
  #authorizerOf(request: CustomAuthenticationRequest): AuthorizerRecord | undefined {
    const { authorizers, domainConfigurations } = this.#registry;
    const name = authorizerNameOf(request);
    const domain = domainConfigurations.ofServerName(request.serverName);
    if (refusesClients(domain)) return undefined;
    const own = domain?.authorizer;
    if (own === undefined) return name === undefined ? authorizers.defaultAuthorizer() : authorizers.find(name);
    if (name !== undefined && name !== own.name && !own.allowOverride) return undefined;
    return authorizers.find(name ?? own.name);
  }

  #use(connection: DeviceConnection, { policies }: AuthorizerResult): void {
    const { account, clock } = this.#context;
    const { clientId, sourceIp, serverName } = connection;
    const evaluated = new EvaluatedPolicies(this.#prefixes, policies, {
      clientId,
      certificateId: undefined,
      sourceIp,
      domainName: serverName,
      thing: undefined,
      certificate: () => NO_VARIABLES,
      now: () => clock.now(),
      topicArn: (topic) => iotArn(account, 'topic', topic),
    });
    this.#policies.set(connection, evaluated);
  }

  #scheduleRefresh(
    connection: DeviceConnection,
    request: CustomAuthenticationRequest,
    { refreshAfterInSeconds }: AuthorizerResult,
  ): void {
    const { clock, log } = this.#context;
    const dueAt = clock.now() + refreshAfterInSeconds * 1000;
    if (connection.endsAt !== undefined && dueAt >= connection.endsAt) return;
    const timer = clock.after(refreshAfterInSeconds * 1000, () => {
      this.#timers.delete(timer);
      this.#refresh(connection, request).catch((error: unknown) => {
        log('error', 'a refresh of custom authentication failed', { error: messageOf(error) });
      });
    });
    this.#timers.add(timer);
  }

  async #refresh(connection: DeviceConnection, request: CustomAuthenticationRequest): Promise<void> {
    const broker = this.#context.ports.get('broker');
    if (!broker.connectedClients().includes(connection)) return;
    const result = await this.#ask(request);
    if (result !== undefined) {
      this.#use(connection, result);
      this.#scheduleRefresh(connection, request, result);
      return;
    }
    this.#policies.delete(connection);
    if (!broker.connectedClients().includes(connection)) return;
    broker.disconnect({ clientId: connection.clientId, principalId: connection.principalId }, 'AUTH_ERROR');
  }

  #cachedResult(authorizer: AuthorizerRecord, request: CustomAuthenticationRequest): AuthorizerResult | undefined {
    const { httpConnection } = request;
    if (httpConnection === undefined || !authorizer.enableCachingForHttp) return undefined;
    const known = this.#httpResults.get(httpConnection)?.get(cacheKey(authorizer, request));
    return known !== undefined && this.#context.clock.now() < known.until ? known.result : undefined;
  }

  #keepResult(authorizer: AuthorizerRecord, request: CustomAuthenticationRequest, result: AuthorizerResult): void {
    const { httpConnection } = request;
    if (httpConnection === undefined || !authorizer.enableCachingForHttp) return;
    const seconds = Math.min(result.refreshAfterInSeconds, result.disconnectAfterInSeconds);
    // One sender at a time: earlier credentials of the same connection are forgotten.
    const kept = new Map([
      [cacheKey(authorizer, request), { result, until: this.#context.clock.now() + seconds * 1000 }],
    ]);
    this.#httpResults.set(httpConnection, kept);
  }

  #refuse(authorizer: string | undefined, reason: string): void {
    this.#context.log('info', 'custom authentication refused a client', { authorizer, reason });
  }
}

const NO_VARIABLES: ReadonlyMap<string, readonly string[]> = new Map();

/** Only a request with the same credentials may use a kept result, wherever its authorizer looks for them. */
function cacheKey({ name, lastModifiedDate }: AuthorizerRecord, { http }: CustomAuthenticationRequest): string {
  const headers = Object.entries(http?.headers ?? {}).filter(([header]) => !PASSING_HEADERS.has(header));
  return JSON.stringify([name, lastModifiedDate, headers.sort(), http?.queryString]);
}
