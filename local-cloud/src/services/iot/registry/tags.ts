import type { Tag } from '@aws-sdk/client-iot';
import { NotImplementedError } from '../../../core/errors.ts';
import { type IotResourceType, iotResourceName, iotResourceType } from '../arns.ts';
import { invalidRequest, resourceNotFound } from '../errors.ts';
import { MAX_TAGS } from '../limits.ts';
import type { RegistryState } from './registry-state.ts';
import { readTags, requireText } from './validation.ts';

/** Tags of the resources that have them (developer guide, `tagging-iot`): things themselves do not. */
export class Tags {
  readonly #state: RegistryState;
  /** Resources of other capabilities, by type: whether one of that name exists. */
  readonly #others = new Map<IotResourceType, (name: string) => boolean>();

  constructor(state: RegistryState) {
    this.#state = state;
  }

  /** Lets resources of a further type be tagged. */
  allow(type: IotResourceType, exists: (name: string) => boolean): void {
    this.#others.set(type, exists);
  }

  list(resourceArn: string | undefined): Tag[] {
    const tags = this.#state.tags.get(this.#require(resourceArn)) ?? {};
    return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  }

  add(resourceArn: string | undefined, tags: readonly Tag[] | undefined): void {
    const arn = this.#require(resourceArn);
    const all = { ...this.#state.tags.get(arn), ...readTags(tags) };
    if (Object.keys(all).length > MAX_TAGS) throw invalidRequest(`A resource can have at most ${MAX_TAGS} tags`);
    if (Object.keys(all).length > 0) this.#state.tags.put(arn, all);
  }

  remove(resourceArn: string | undefined, keys: readonly string[] | undefined): void {
    const arn = this.#require(resourceArn);
    const kept = Object.entries(this.#state.tags.get(arn) ?? {}).filter(([key]) => !(keys ?? []).includes(key));
    if (kept.length === 0) this.#state.tags.delete(arn);
    else this.#state.tags.put(arn, Object.fromEntries(kept));
  }

  /** Makes the tags of a resource exactly these. */
  replace(resourceArn: string, tags: readonly Tag[] | undefined): void {
    this.#state.tags.delete(this.#require(resourceArn));
    this.add(resourceArn, tags);
  }

  #require(resourceArn: string | undefined): string {
    requireText('resourceArn', resourceArn, 1, 2048);
    const { account } = this.#state.environment;
    const tables = {
      thingtype: this.#state.thingTypes,
      thinggroup: this.#state.thingGroups,
      policy: this.#state.policies,
      cacert: this.#state.caCertificates,
      authorizer: this.#state.authorizers,
      rolealias: this.#state.roleAliases,
      billinggroup: this.#state.billingGroups,
      provisioningtemplate: this.#state.templates,
    } as const;
    const type = iotResourceType(account, resourceArn);
    if (type === undefined) throw invalidRequest(`Invalid resource ARN: ${resourceArn}`);
    const exists = this.#others.get(type as IotResourceType);
    if (exists !== undefined) {
      const name = iotResourceName(account, type as IotResourceType, resourceArn);
      if (name === undefined || !exists(name)) throw resourceNotFound(`Resource not found: ${resourceArn}`);
      return resourceArn;
    }
    if (!Object.hasOwn(tables, type)) throw new NotImplementedError(`tagging of AWS IoT resources of type ${type}`);
    const taggable = type as keyof typeof tables;
    const name = iotResourceName(account, taggable, resourceArn);
    if (name === undefined || !tables[taggable].has(name)) throw resourceNotFound(`Resource not found: ${resourceArn}`);
    return resourceArn;
  }
}
