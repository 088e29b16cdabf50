import { globalArn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';

/** A dashboard as it is kept on disk: nothing here draws it. */
export interface DashboardRecord {
  readonly name: string;
  readonly body: string;
  /** ms since the epoch */
  readonly modifiedAt: number;
}

export class Dashboards {
  readonly #context: CloudContext;
  readonly #records: Collection<DashboardRecord>;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#records = context.store.collection('cloudwatch/dashboards');
  }

  arnOf(name: string): string {
    return globalArn(this.#context.account, 'cloudwatch', `dashboard/${name}`);
  }

  /** @throws AwsError `InvalidParameterInput` */
  async put(name: string | undefined, body: string | undefined): Promise<void> {
    if (!/^[\w-]{1,255}$/.test(name ?? '')) throw invalid('The value of DashboardName is invalid.');
    let parsed: unknown;
    try {
      parsed = JSON.parse(body ?? '');
    } catch {
      throw invalid('The field DashboardBody must be a valid JSON object');
    }
    const { widgets } = (parsed ?? {}) as { widgets?: unknown };
    if (!Array.isArray(widgets)) throw invalid('Should have required property "widgets"');
    const record = { name: name as string, body: body as string, modifiedAt: this.#context.clock.now() };
    this.#records.put(record.name, record);
    await this.#context.store.durable();
  }

  /** @throws AwsError `ResourceNotFound` */
  require(name: string | undefined): DashboardRecord {
    const record = this.#records.get(name ?? '');
    if (record === undefined) throw new AwsError('DashboardNotFoundError', `Dashboard ${name} does not exist`, 404);
    return record;
  }

  /** In order of name. */
  all(prefix: string): DashboardRecord[] {
    return [...this.#records.values()]
      .filter(({ name }) => name.startsWith(prefix))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) this.require(name);
    for (const name of names) this.#records.delete(name);
    await this.#context.store.durable();
  }
}

function invalid(message: string): AwsError {
  return new AwsError('DashboardInvalidInputError', message, 400);
}
