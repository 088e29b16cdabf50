import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { AwsError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../meter.ts';
import { accessDenied, denialText, nameOf } from './access-denied.ts';
import type { AssumeRoleRequest, Authorizer, CallOrigin, Permission } from './authorizer.ts';
import { type CompiledPolicy, compiledResourcePolicy } from './compiled-policy.ts';
import { type Denial, decide, type IdentityVerdict, judgeIdentity, judgeResource, type Verdict } from './decision.ts';
import type { PermissionUse } from './permission-use.ts';
import type { ConditionKeys } from './policy-document.ts';
import type { AssumedRole, DevicePrincipal, Principal } from './principal.ts';
import { type RequestContext, requestContext } from './request-context.ts';

/** A role as it is evaluated. */
export interface RolePolicies {
  readonly arn: string;
  readonly roleName: string;
  /** `AROA…` */
  readonly roleId: string;
  readonly identity: readonly CompiledPolicy[];
  readonly boundary: CompiledPolicy | undefined;
  readonly trust: CompiledPolicy;
}

export interface RoleDirectory {
  /** Grows with every change of a role or of a policy attached to one. Cached decisions of earlier generations are void. */
  readonly generation: number;
  find(roleArn: string): RolePolicies | undefined;
}

interface RoleCache {
  readonly role: RolePolicies | undefined;
  /** Verdicts by action, then by resource. */
  readonly verdicts: Map<string, Map<string, RoleVerdict>>;
}

interface RoleVerdict {
  readonly identity: Verdict;
  readonly boundary: Verdict | undefined;
}

/** A decision that depends on nothing but role, permission and transport. */
interface KeptDecision {
  readonly generation: number;
  readonly secure: boolean;
  readonly denial: Denial | undefined;
}

/** Services call from within the cloud. */
const INSIDE: CallOrigin = { sourceIp: '127.0.0.1', secure: true };

/** Resources remembered per role and action; one that names a new resource in every call starts over. */
const CACHED_RESOURCES = 1024;

/**
 * IAM for every call of the cloud.
 *
 * INVARIANTS
 * - A verdict is cached only when no statement that could apply asks for conditions or variables.
 * - A resource policy is evaluated each time, but for a lasting permission whose policy asks for the transport alone.
 */
export class PolicyAuthorizer implements Authorizer {
  readonly #account: Account;
  readonly #clock: Clock;
  readonly #meter: Meter;
  readonly #log: Log;
  readonly #roles: RoleDirectory;
  readonly #use: PermissionUse | undefined;
  readonly #kept = new WeakMap<Permission, WeakMap<Principal, KeptDecision>>();
  #generation = -1;
  #cache = new Map<string, RoleCache>();
  /** Condition keys already reported as unknown. */
  readonly #unknownKeys = new Set<string>();

  constructor(parts: {
    account: Account;
    clock: Clock;
    meter: Meter;
    log: Log;
    roles: RoleDirectory;
    /** Hears of each permission that a role asks for, at least when it does so for the first time. */
    use?: PermissionUse;
  }) {
    this.#account = parts.account;
    this.#clock = parts.clock;
    this.#meter = parts.meter;
    this.#log = parts.log;
    this.#roles = parts.roles;
    this.#use = parts.use;
  }

  authorize(principal: Principal, permission: Permission, origin: CallOrigin): void {
    this.#meter.count('iam.evaluations');
    const denial =
      principal.kind === 'device' ? judgeDevice(principal, permission) : this.#judge(principal, permission, origin);
    if (denial !== undefined) this.#refuse(principal, permission.action, permission.resource, denial);
  }

  assumeRole(
    principal: Principal,
    roleArn: string,
    sessionName: string,
    { origin, conditions }: AssumeRoleRequest = { origin: INSIDE },
  ): AssumedRole {
    this.#meter.count('iam.evaluations');
    const role = this.#roleCache(roleArn).role;
    const denial = this.#judgeTrust(
      principal,
      role,
      roleArn,
      this.#context(principal, origin, roleArn, { ...conditions, 'sts:RoleSessionName': sessionName }),
    );
    if (role === undefined || denial !== undefined) {
      this.#refuse(principal, 'sts:AssumeRole', roleArn, denial ?? 'no role trust policy', 'AccessDenied');
    }
    return {
      kind: 'assumed-role',
      arn: `arn:${this.#account.partition}:sts::${this.#account.accountId}:assumed-role/${role.roleName}/${sessionName}`,
      accountId: this.#account.accountId,
      userId: `${role.roleId}:${sessionName}`,
      roleArn: role.arn,
      roleName: role.roleName,
      sessionName,
    };
  }

  /** What the role's identity policies and boundary alone say: for policy simulation. */
  simulate(roleArn: string, action: string, resource: string, context: RequestContext): IdentityVerdict {
    const role = this.#roleCache(roleArn).role;
    const identity = judgeIdentity(role?.identity ?? [], action.toLowerCase(), resource, context);
    if (role?.boundary === undefined || identity.verdict === 'deny') return identity;
    const boundary = judgeIdentity([role.boundary], action.toLowerCase(), resource, context);
    return boundary.verdict === 'allow' ? identity : boundary;
  }

  #judge(principal: Principal, permission: Permission, origin: CallOrigin): Denial | undefined {
    const { action, resource, resourcePolicy } = permission;
    const policy = resourcePolicy === undefined ? undefined : compiledResourcePolicy(resourcePolicy);
    if (principal.kind === 'account' && policy === undefined) return undefined;
    const role = principal.kind === 'assumed-role' ? this.#roleCache(principal.roleArn) : undefined;
    const kept = permission.lasting === true ? this.#kept.get(permission)?.get(principal) : undefined;
    if (kept !== undefined && kept.generation === this.#roles.generation && kept.secure === origin.secure) {
      return kept.denial;
    }
    const cached = role?.verdicts.get(action)?.get(resource);
    if (cached !== undefined && policy === undefined) {
      return decide(principal, cached.identity, cached.boundary, 'silent');
    }
    const context = this.#context(principal, origin, resource, permission.conditions);
    const { identity, boundary } = cached ?? this.#judgeRole(role, action, resource, context);
    const denial = decide(
      principal,
      identity,
      boundary,
      judgeResource(policy, principal, action.toLowerCase(), resource, context),
      permission.policyMustAllow === true,
    );
    if (principal.kind === 'assumed-role') this.#use?.record(principal.roleArn, action, resource, denial === undefined);
    const settled = role?.verdicts.get(action)?.has(resource) === true;
    if (settled && permission.lasting === true && policy?.statements.every(({ transportOnly }) => transportOnly)) {
      this.#keep(permission, principal, { generation: this.#roles.generation, secure: origin.secure, denial });
    }
    return denial;
  }

  #keep(permission: Permission, principal: Principal, decision: KeptDecision): void {
    let decisions = this.#kept.get(permission);
    if (decisions === undefined) {
      decisions = new WeakMap();
      this.#kept.set(permission, decisions);
    }
    decisions.set(principal, decision);
  }

  #judgeRole(cache: RoleCache | undefined, action: string, resource: string, context: RequestContext): RoleVerdict {
    const role = cache?.role;
    if (cache === undefined || role === undefined) return { identity: 'silent', boundary: undefined };
    const name = action.toLowerCase();
    const identity = judgeIdentity(role.identity, name, resource, context);
    const boundary = role.boundary === undefined ? undefined : judgeIdentity([role.boundary], name, resource, context);
    const verdict: RoleVerdict = { identity: identity.verdict, boundary: boundary?.verdict };
    if (identity.cacheable && boundary?.cacheable !== false) remember(cache, action, resource, verdict);
    return verdict;
  }

  #judgeTrust(
    principal: Principal,
    role: RolePolicies | undefined,
    roleArn: string,
    context: RequestContext,
  ): Denial | undefined {
    const caller = principal.kind === 'assumed-role' ? this.#roleCache(principal.roleArn) : undefined;
    const own = this.#judgeRole(caller, 'sts:AssumeRole', roleArn, context);
    const trust = judgeResource(role?.trust, principal, 'sts:assumerole', roleArn, context);
    if (trust === 'deny') return 'explicit deny in the role trust policy';
    if (trust === 'silent' && own.identity !== 'deny') return 'no role trust policy';
    return decide(principal, own.identity, own.boundary, trust);
  }

  #context(principal: Principal, origin: CallOrigin, resource: string, conditions: ConditionKeys | undefined) {
    return requestContext({
      account: this.#account,
      principal,
      origin,
      resource,
      conditions,
      now: this.#clock.now(),
      unknownKey: (key) => {
        if (this.#unknownKeys.has(key)) return;
        this.#unknownKeys.add(key);
        this.#log('warn', 'a policy asks for a condition key that no service gives here; it counts as absent', { key });
      },
    });
  }

  #roleCache(roleArn: string): RoleCache {
    if (this.#generation !== this.#roles.generation) {
      this.#generation = this.#roles.generation;
      this.#cache = new Map();
    }
    let cache = this.#cache.get(roleArn);
    if (cache === undefined) {
      cache = { role: this.#roles.find(roleArn), verdicts: new Map() };
      if (cache.role !== undefined) this.#cache.set(roleArn, cache);
    }
    return cache;
  }

  #refuse(principal: Principal, action: string, resource: string, denial: Denial, code?: string): never {
    this.#meter.count('iam.denied');
    this.#log('warn', 'access denied', {
      principal: nameOf(principal),
      ...(principal.kind === 'assumed-role' ? { role: principal.roleArn } : {}),
      action,
      resource,
      reason: denial,
    });
    if (code !== undefined) throw new AwsError(code, denialText(principal, action, resource, denial), 403);
    throw accessDenied(principal, action, resource, denial);
  }
}

function remember(cache: RoleCache, action: string, resource: string, verdict: RoleVerdict): void {
  let resources = cache.verdicts.get(action);
  if (resources === undefined) {
    resources = new Map();
    cache.verdicts.set(action, resources);
  }
  if (resources.size >= CACHED_RESOURCES) resources.clear();
  resources.set(resource, verdict);
}

/** Only AWS IoT's data planes take devices: no other action is in their policies, nor any resource policy's. */
function judgeDevice(device: DevicePrincipal, { action, resource }: Permission): Denial | undefined {
  return device.mayCall(action, resource) ? undefined : 'no identity-based policy';
}
