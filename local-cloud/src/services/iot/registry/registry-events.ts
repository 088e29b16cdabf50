import type { ThingGroupRecord, ThingRecord, ThingTypeRecord } from './records.ts';

/** A change of the registry, told once it is made. `before` is undefined for what is new. */
export type RegistryChange =
  | { readonly kind: 'thing-put'; readonly thing: ThingRecord; readonly before: ThingRecord | undefined }
  | { readonly kind: 'thing-deleted'; readonly thing: ThingRecord }
  | { readonly kind: 'type-put'; readonly type: ThingTypeRecord; readonly before: ThingTypeRecord | undefined }
  | { readonly kind: 'type-deleted'; readonly type: ThingTypeRecord }
  | { readonly kind: 'group-put'; readonly group: ThingGroupRecord; readonly before: ThingGroupRecord | undefined }
  | { readonly kind: 'group-deleted'; readonly group: ThingGroupRecord }
  | { readonly kind: 'member-added'; readonly thingName: string; readonly groupName: string }
  | { readonly kind: 'member-removed'; readonly thingName: string; readonly groupName: string }
  /** The thing entered or left its billing group. */
  | { readonly kind: 'billing-changed'; readonly thingName: string };

export type RegistryListener = (change: RegistryChange) => void;

/** Listeners are called in the order they came, within the change: they must not throw nor wait. */
export class RegistryEvents {
  readonly #listeners: RegistryListener[] = [];

  onChange(listener: RegistryListener): void {
    this.#listeners.push(listener);
  }

  emit(change: RegistryChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
