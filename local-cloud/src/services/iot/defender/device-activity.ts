import type { Clock } from '../../../core/clock.ts';
import type { ConnectionActivity, DeviceActivity, DeviceConnection } from '../../../core/mqtt.ts';
import type { ConnectionHistory } from './audit/connection-history.ts';
import { DeviceWindow, type TopicScope } from './detect/activity-windows.ts';

/**
 * What the broker tells of devices: counted for Detect, and kept for the audits that look back at connections.
 *
 * INVARIANT: outside a recording only connected clients are known, so that what connects and fails costs no memory.
 */
export class ActivityRecorder implements DeviceActivity {
  readonly #clock: Clock;
  readonly #history: ConnectionHistory;
  readonly #windows = new Map<string, DeviceWindow>();
  #scopes: readonly TopicScope[] = [];
  #recording = false;

  constructor(clock: Clock, history: ConnectionHistory) {
    this.#clock = clock;
    this.#history = history;
  }

  attempted(clientId: string): void {
    if (this.#recording) this.#of(clientId).attempted();
  }

  refused(clientId: string): void {
    if (this.#recording) this.#of(clientId).refused();
  }

  connected(connection: DeviceConnection): ConnectionActivity {
    this.#history.connected(connection, this.#clock.now());
    const window = this.#of(connection.clientId);
    window.connected(connection);
    return window;
  }

  disconnected(connection: DeviceConnection, reason: string): void {
    this.#history.disconnected(connection, reason, this.#clock.now());
    const window = this.#windows.get(connection.clientId);
    window?.disconnected();
    if (!this.#recording && window?.isIdle === true) this.#windows.delete(connection.clientId);
  }

  /** Begins with empty windows; messages are counted per scope too. */
  record(scopes: readonly TopicScope[]): void {
    this.#scopes = scopes;
    for (const window of this.#windows.values()) {
      window.setScopes(scopes);
      if (!this.#recording) window.reset();
    }
    this.#recording = true;
  }

  pause(): void {
    this.#recording = false;
    this.#scopes = [];
    for (const window of this.#windows.values()) window.setScopes([]);
    this.#forgetIdle();
  }

  windows(): Iterable<DeviceWindow> {
    return this.#windows.values();
  }

  /** The next window begins. */
  turn(): void {
    for (const window of this.#windows.values()) window.reset();
    this.#forgetIdle();
  }

  #forgetIdle(): void {
    for (const [clientId, window] of this.#windows) if (window.isIdle) this.#windows.delete(clientId);
  }

  #of(clientId: string): DeviceWindow {
    let window = this.#windows.get(clientId);
    if (window === undefined) {
      window = new DeviceWindow(clientId, this.#scopes);
      this.#windows.set(clientId, window);
    }
    return window;
  }
}
