import type { AuthorizerStatus } from '@aws-sdk/client-iot';
import { parseArn } from '../../../core/account.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { isSigningKey } from '../custom-authentication/token-signature.ts';
import { deleteConflict, invalidRequest, limitExceeded, resourceAlreadyExists, resourceNotFound } from '../errors.ts';
import { AUTHORIZER_NAME_PATTERN, MAX_AUTHORIZERS, MAX_NAME_LENGTH, MAX_SIGNING_KEY_LENGTH } from '../limits.ts';
import type { AuthorizerRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { requireName, requireOneOf, requireText } from './validation.ts';

export interface AuthorizerInput {
  readonly authorizerName: string | undefined;
  readonly authorizerFunctionArn?: string | undefined;
  readonly tokenKeyName?: string | undefined;
  readonly tokenSigningPublicKeys?: Readonly<Record<string, string>> | undefined;
  readonly status?: AuthorizerStatus | undefined;
  readonly enableCachingForHttp?: boolean | undefined;
}

const DEFAULT_AUTHORIZER = 'defaultAuthorizer';

/** Custom authorizers (developer guide, `config-custom-auth`). */
export class Authorizers {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  find(name: string): AuthorizerRecord | undefined {
    return this.#state.authorizers.get(name);
  }

  get(name: string | undefined): AuthorizerRecord {
    requireName('authorizerName', name, AUTHORIZER_NAME_PATTERN);
    const authorizer = this.#state.authorizers.get(name);
    if (authorizer === undefined) throw resourceNotFound(`Authorizer ${name} not found.`);
    return authorizer;
  }

  create(input: AuthorizerInput & { readonly signingDisabled?: boolean | undefined }): AuthorizerRecord {
    requireName('authorizerName', input.authorizerName, AUTHORIZER_NAME_PATTERN);
    checkSettings(input);
    if (this.#state.authorizers.has(input.authorizerName)) {
      throw resourceAlreadyExists(
        `Authorizer ${input.authorizerName} already exists.`,
        this.#state.arn('authorizer', input.authorizerName),
        input.authorizerName,
      );
    }
    if (this.#state.authorizers.size >= MAX_AUTHORIZERS) {
      throw limitExceeded(`An account can have at most ${MAX_AUTHORIZERS} authorizers`);
    }
    const now = this.#state.now();
    const authorizer: AuthorizerRecord = {
      name: input.authorizerName,
      functionArn: requireFunction(input.authorizerFunctionArn),
      ...(input.tokenKeyName === undefined ? {} : { tokenKeyName: input.tokenKeyName }),
      signingKeys: input.tokenSigningPublicKeys ?? {},
      status: input.status ?? 'INACTIVE',
      signingDisabled: input.signingDisabled === true,
      enableCachingForHttp: input.enableCachingForHttp === true,
      creationDate: now,
      lastModifiedDate: now,
    };
    requireSigning(authorizer);
    this.#state.authorizers.put(authorizer.name, authorizer);
    return authorizer;
  }

  /** Whether tokens are signed never changes ("You can't update an authorizer's signing requirement"). */
  update(input: AuthorizerInput): AuthorizerRecord {
    const before = this.get(input.authorizerName);
    checkSettings(input);
    const { tokenKeyName = before.tokenKeyName } = input;
    const authorizer: AuthorizerRecord = {
      ...before,
      functionArn:
        input.authorizerFunctionArn === undefined ? before.functionArn : requireFunction(input.authorizerFunctionArn),
      ...(tokenKeyName === undefined ? {} : { tokenKeyName }),
      signingKeys: input.tokenSigningPublicKeys ?? before.signingKeys,
      status: input.status ?? before.status,
      enableCachingForHttp: input.enableCachingForHttp ?? before.enableCachingForHttp,
      lastModifiedDate: this.#state.now(),
    };
    requireSigning(authorizer);
    this.#state.authorizers.put(authorizer.name, authorizer);
    return authorizer;
  }

  /** An authorizer that is active, or the default one of the account or of a domain, stays. */
  delete(name: string | undefined): void {
    const authorizer = this.get(name);
    if (authorizer.status === 'ACTIVE') {
      throw deleteConflict(`Authorizer ${authorizer.name} is active: deactivate it before deletion.`);
    }
    if (this.#state.account.get(DEFAULT_AUTHORIZER) === authorizer.name) {
      throw deleteConflict(`Authorizer ${authorizer.name} is the default authorizer.`);
    }
    for (const { name: domain, authorizer: own } of this.#state.domainConfigurations.values()) {
      if (own?.name !== authorizer.name) continue;
      throw deleteConflict(`Authorizer ${authorizer.name} is used by domain configuration ${domain}.`);
    }
    this.#state.authorizers.delete(authorizer.name);
    this.#state.tags.delete(this.#state.arn('authorizer', authorizer.name));
  }

  defaultAuthorizer(): AuthorizerRecord | undefined {
    const name = this.#state.account.get(DEFAULT_AUTHORIZER);
    return name === undefined ? undefined : this.#state.authorizers.get(name);
  }

  /** @throws AwsError ResourceAlreadyExistsException while there is a default (API SetDefaultAuthorizer) */
  setDefault(name: string | undefined): AuthorizerRecord {
    const authorizer = this.get(name);
    const current = this.#state.account.get(DEFAULT_AUTHORIZER);
    if (current !== undefined) {
      throw resourceAlreadyExists(
        `A default authorizer is already set: ${current}`,
        this.#state.arn('authorizer', current),
        current,
      );
    }
    this.#state.account.put(DEFAULT_AUTHORIZER, authorizer.name);
    return authorizer;
  }

  clearDefault(): void {
    if (!this.#state.account.delete(DEFAULT_AUTHORIZER)) throw resourceNotFound('There is no default authorizer.');
  }
}

function checkSettings({ status, tokenKeyName, tokenSigningPublicKeys }: AuthorizerInput): void {
  if (status !== undefined) requireOneOf('status', status, ['ACTIVE', 'INACTIVE']);
  if (tokenKeyName !== undefined) requireName('tokenKeyName', tokenKeyName, '[a-zA-Z0-9_-]+');
  const violations = new ConstraintViolations();
  for (const [name, key] of Object.entries(tokenSigningPublicKeys ?? {})) {
    violations
      .length('tokenSigningPublicKeys', name, 1, MAX_NAME_LENGTH)
      .pattern('tokenSigningPublicKeys', name, '[a-zA-Z0-9:_-]+')
      .length('tokenSigningPublicKeys', key, 0, MAX_SIGNING_KEY_LENGTH);
  }
  violations.throwIfAny('InvalidRequestException');
  for (const [name, key] of Object.entries(tokenSigningPublicKeys ?? {})) {
    if (!isSigningKey(key)) {
      throw invalidRequest(`Token signing key ${name} is not an RSA public key of at least 2048 bits in PEM format`);
    }
  }
}

function requireFunction(functionArn: string | undefined): string {
  requireText('authorizerFunctionArn', functionArn, 1, 2048);
  const parsed = parseArn(functionArn);
  if (parsed?.service !== 'lambda' || !parsed.resource.startsWith('function:')) {
    throw invalidRequest(`authorizerFunctionArn ${functionArn} is not the ARN of a Lambda function`);
  }
  return functionArn;
}

/** "They are required values if signing is enabled." */
function requireSigning({ signingDisabled, signingKeys, tokenKeyName }: AuthorizerRecord): void {
  if (signingDisabled) return;
  if (tokenKeyName === undefined) throw invalidRequest('tokenKeyName is required when signing is enabled');
  if (Object.keys(signingKeys).length === 0) {
    throw invalidRequest('tokenSigningPublicKeys is required when signing is enabled');
  }
}
