import type { Component, ComponentHost } from '../../shared/src/component.ts';
import { CoapFieldSource } from './coap/coap-field-source.ts';
import type { GatewayConfiguration, Source } from './configuration/gateway-configuration.ts';
import { ModbusFieldSource } from './modbus/modbus-field-source.ts';
import { DeviceBroker } from './mqtt/device-broker.ts';
import { MqttFieldSource } from './mqtt/mqtt-field-source.ts';
import type { FieldSource, SourceStatus } from './points/field-source.ts';
import { PointTable } from './points/point-table.ts';
import { ValuePublisher } from './points/value-publisher.ts';
import { StatusReport } from './status-report.ts';
import { WriteRequests } from './write-requests.ts';

interface Running {
  readonly configuration: Source;
  /** What it was started with: another text is another source. */
  readonly text: string;
  readonly source: FieldSource;
  readonly publisher: ValuePublisher;
}

/**
 * Reads field sources and publishes their values to the core's components; writes what these ask for.
 *
 * INVARIANTS
 * - Each source has its own loop, its own connections and its own bounded queue: none waits for another.
 * - It keeps no state: after a `kill -9` the next start reads the sources anew.
 */
export class ProtocolGateway implements Component<GatewayConfiguration> {
  readonly name = 'com.fleetwright.ProtocolGateway';
  readonly #running = new Map<string, Running>();
  #host: ComponentHost<GatewayConfiguration> | undefined;
  #broker: DeviceBroker | undefined;
  #requests: WriteRequests | undefined;
  #report: StatusReport | undefined;
  #unfollow: (() => void) | undefined;
  #applying: Promise<void> = Promise.resolve();
  #stopped = false;

  async start(host: ComponentHost<GatewayConfiguration>): Promise<void> {
    this.#host = host;
    this.#broker = new DeviceBroker(host);
    this.#requests = new WriteRequests(host, (name) => this.#running.get(name));
    await this.#requests.start();
    await this.#apply(host.configuration.current);
    this.#unfollow = host.configuration.onChange((configuration) => {
      this.#applying = this.#applying
        .then(() => this.#apply(configuration))
        .catch((error: unknown) => host.log.error('a change could not be applied', { reason: String(error) }));
    });
    const interval = (): number => host.configuration.current.reportIntervalMs;
    this.#report = new StatusReport(host, () => this.statuses(), interval);
    this.#report.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unfollow?.();
    this.#report?.stop();
    await this.#requests?.stop();
    await this.#applying;
    await Promise.all([...this.#running.keys()].map((name) => this.#end(name)));
    await this.#broker?.close();
  }

  statuses(): Record<string, SourceStatus> {
    const statuses = [...this.#running].map(([name, { publisher, source }]) => {
      const status = source.status();
      return [name, { ...status, dropped: status.dropped + publisher.counts.coalesced }] as const;
    });
    return Object.fromEntries(statuses);
  }

  async #apply(configuration: GatewayConfiguration): Promise<void> {
    const host = this.#host;
    const broker = this.#broker;
    if (host === undefined || broker === undefined || this.#stopped) return;
    const wanted = new Map(Object.entries(configuration.sources).filter(([, { enabled }]) => enabled));
    const textOf = (source: Source): string => JSON.stringify([source, configuration.publishIntervalMs]);
    const gone = [...this.#running].filter(([name, { text }]) => {
      const source = wanted.get(name);
      return source === undefined || textOf(source) !== text;
    });
    await Promise.all(gone.map(([name]) => this.#end(name)));
    const devices = [...wanted.values()].some(({ protocol }) => protocol === 'mqtt');
    // A broker that cannot start (its port is taken) leaves the other sources alone.
    await broker.configure(devices ? configuration.broker : undefined).catch((error: unknown) => {
      host.log.error('the broker for local devices does not run', { reason: String(error) });
    });
    for (const [name, source] of wanted) {
      if (this.#running.has(name)) continue;
      const ports = { bus: host.local, clock: host.clock, log: host.log };
      const publisher = new ValuePublisher(name, configuration.publishIntervalMs, ports);
      const table = new PointTable(name, source.points, (values) => publisher.add(values));
      const running = this.#create(name, source, table, host, broker);
      this.#running.set(name, { configuration: source, text: textOf(source), source: running, publisher });
      running.start();
    }
    if (gone.length > 0 || wanted.size > 0) {
      host.log.info('sources are configured', { sources: [...wanted.keys()], restarted: gone.map(([name]) => name) });
    }
  }

  #create(
    name: string,
    source: Source,
    table: PointTable,
    ports: ComponentHost<GatewayConfiguration>,
    broker: DeviceBroker,
  ): FieldSource {
    switch (source.protocol) {
      case 'modbus-tcp':
        return new ModbusFieldSource(source, table, ports);
      case 'coap':
        return new CoapFieldSource(source, table, ports);
      case 'mqtt':
        return new MqttFieldSource(name, source, table, ports, broker);
    }
  }

  async #end(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    running.publisher.end();
    await running.source.stop();
  }
}
