import type { MessageBroker, PresenceChange } from '../../../core/mqtt.ts';
import type { Collection, Store } from '../../../core/store.ts';

/** Connectivity of a thing as it is indexed (developer guide, `managing-index`). Immutable. */
export interface ConnectivityRecord {
  readonly connected: boolean;
  /** ms since the epoch of the last connect or disconnect. */
  readonly timestamp?: number;
  readonly disconnectReason?: string;
  readonly version?: number;
}

/** Of a thing that never connected, or that left at an unknown moment. */
const NOT_CONNECTED: ConnectivityRecord = { connected: false };

/**
 * The last connect or disconnect of every client whose id is the name of a thing (`fleet-indexing-troubleshooting`).
 * Kept on disk, because lifecycle events are told once.
 */
export class Connectivity {
  readonly #records: Collection<ConnectivityRecord>;
  readonly #isThing: (name: string) => boolean;

  constructor(store: Store, isThing: (name: string) => boolean) {
    this.#records = store.collection('iot/connectivity');
    this.#isThing = isThing;
  }

  of(thingName: string): ConnectivityRecord {
    return this.#records.get(thingName) ?? NOT_CONNECTED;
  }

  /**
   * Follows the broker, before it lets the first client in: who was connected when the cloud ended is disconnected since
   * an unknown moment. `changed` is called with the thing's name.
   */
  follow(broker: MessageBroker, changed: (thingName: string) => void): void {
    for (const [name, record] of [...this.#records.entries()]) {
      if (record.connected) this.#records.put(name, NOT_CONNECTED);
    }
    broker.onPresence((change) => {
      if (!this.#isThing(change.clientId)) return;
      this.#records.put(change.clientId, recordOf(change));
      changed(change.clientId);
    });
  }

  forget(thingName: string): void {
    this.#records.delete(thingName);
  }
}

function recordOf({ connected, at, reason, version }: PresenceChange): ConnectivityRecord {
  return {
    connected,
    timestamp: at,
    ...(reason === undefined ? {} : { disconnectReason: reason }),
    ...(version === undefined ? {} : { version }),
  };
}
