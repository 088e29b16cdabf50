import type { Operation } from '../../core/api.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { type IotResourceType, iotArn } from './arns.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import type { EffectivePolicies } from './policy-evaluation/effective-policies.ts';
import type { OwnershipTokens } from './provisioning/ownership-tokens.ts';
import type { TemporaryClaims } from './provisioning/temporary-claims.ts';
import type { Registry } from './registry/registry.ts';

/** What the API operations, the CloudFormation resources and provisioning work with. */
export interface IotService {
  readonly context: CloudContext;
  readonly registry: Registry;
  readonly authority: CertificateAuthority;
  readonly effectivePolicies: EffectivePolicies;
  readonly ownershipTokens: OwnershipTokens;
  readonly temporaryClaims: TemporaryClaims;
}

/** The resource that an operation's action is checked on; `*` for actions without resource types. */
export type ResourceOf<I> = (input: I) => string | readonly string[];

/** An operation that only reads. Its action has its own name (Service Authorization Reference, AWS IoT). */
export function reading<I, O>(name: string, resourceOf: ResourceOf<I>, handle: (input: I) => O): Operation<I, O> {
  return { name, authorize: (input) => permissions(name, resourceOf(input)), handle };
}

/** An operation that changes the registry: answered once the change is on disk. */
export function changing<I, O>(
  service: IotService,
  name: string,
  resourceOf: ResourceOf<I>,
  handle: (input: I) => O | Promise<O>,
): Operation<I, O> {
  return {
    name,
    authorize: (input) => permissions(name, resourceOf(input)),
    async handle(input) {
      const output = await handle(input);
      await service.context.store.durable();
      return output;
    },
  };
}

export const anywhere = (): string => '*';

/** ARN of a named resource; a name that is missing is refused later, by the operation itself. */
export function resource(service: IotService, type: IotResourceType, name: string | undefined): string {
  return iotArn(service.context.account, type, name ?? '');
}

function permissions(name: string, resources: string | readonly string[]): Permission[] {
  const list = typeof resources === 'string' ? [resources] : resources;
  return list.map((resourceArn) => ({ action: `iot:${name}`, resource: resourceArn }));
}
