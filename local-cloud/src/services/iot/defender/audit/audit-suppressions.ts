import type {
  AuditSuppression,
  CreateAuditSuppressionRequest,
  ResourceIdentifier,
  UpdateAuditSuppressionRequest,
} from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import type { Store } from '../../../../core/store.ts';
import { invalidRequest, resourceAlreadyExists, resourceNotFound } from '../../errors.ts';
import { Table } from '../../registry/table.ts';
import { MAX_SUPPRESSION_DESCRIPTION } from '../limits.ts';
import { type CheckName, readCheckName, traitsOf } from './audit-checks.ts';
import type { SuppressionRecord } from './audit-records.ts';
import { resourceKey } from './resource-key.ts';

interface SuppressionName {
  readonly checkName: string | undefined;
  readonly resourceIdentifier: ResourceIdentifier | undefined;
}

/** Findings that are known and not to be counted (developer guide, `audit-finding-suppressions`). */
export class AuditSuppressions {
  readonly table: Table<SuppressionRecord>;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.table = new Table(store, 'iot/auditSuppressions');
    this.#now = now;
  }

  get(name: SuppressionName): SuppressionRecord {
    const { checkName, identifier } = readName(name);
    const found = this.table.get(keyOf(checkName, identifier));
    if (found === undefined) throw resourceNotFound(`No suppression of ${checkName} for ${resourceKey(identifier)}`);
    return found;
  }

  create(input: CreateAuditSuppressionRequest): void {
    const { checkName, identifier } = readName(input);
    const key = keyOf(checkName, identifier);
    const token = input.clientRequestToken;
    const existing = this.table.get(key);
    if (existing !== undefined) {
      if (token !== undefined && existing.clientRequestToken === token) return;
      throw resourceAlreadyExists(`A suppression of ${checkName} exists for ${resourceKey(identifier)}`, '', key);
    }
    const term = this.#readTerm(input.expirationDate, input.suppressIndefinitely);
    if (term === undefined) throw invalidRequest('Either expirationDate or suppressIndefinitely must be given');
    const description = readDescription(input.description);
    this.table.put(key, {
      checkName,
      identifier,
      ...term,
      ...(description === undefined ? {} : { description }),
      ...(token === undefined ? {} : { clientRequestToken: token }),
    });
  }

  update(input: UpdateAuditSuppressionRequest): void {
    const { expirationDate, ...record } = this.get(input);
    const term = this.#readTerm(input.expirationDate, input.suppressIndefinitely);
    const kept = expirationDate === undefined ? {} : { expirationDate };
    const description = readDescription(input.description);
    this.table.put(keyOf(record.checkName, record.identifier), {
      ...record,
      ...(term ?? kept),
      ...(description === undefined ? {} : { description }),
    });
  }

  delete(name: SuppressionName): void {
    const { checkName, identifier } = this.get(name);
    this.table.delete(keyOf(checkName, identifier));
  }

  /** Whether findings of the check for the resource are suppressed now. */
  covers(checkName: CheckName, identifier: ResourceIdentifier): boolean {
    const found = this.table.get(keyOf(checkName, identifier));
    return found !== undefined && (found.expirationDate === undefined || found.expirationDate > this.#now());
  }

  #readTerm(
    expirationDate: Date | undefined,
    indefinitely: boolean | undefined,
  ): { expirationDate?: number } | undefined {
    if (expirationDate !== undefined && indefinitely === true) {
      throw invalidRequest('expirationDate and suppressIndefinitely cannot both be given');
    }
    if (indefinitely === true) return {};
    if (expirationDate === undefined) return undefined;
    if (expirationDate.getTime() <= this.#now()) throw invalidRequest('expirationDate must be in the future');
    return { expirationDate: expirationDate.getTime() };
  }
}

export function suppressionShape(record: SuppressionRecord): AuditSuppression {
  return {
    checkName: record.checkName,
    resourceIdentifier: record.identifier,
    ...(record.expirationDate === undefined
      ? { suppressIndefinitely: true }
      : { expirationDate: new Date(record.expirationDate), suppressIndefinitely: false }),
    ...(record.description === undefined ? {} : { description: record.description }),
  };
}

function keyOf(checkName: CheckName, identifier: ResourceIdentifier): string {
  return `${checkName}/${resourceKey(identifier)}`;
}

/** A check's resources have identifiers of one kind. */
function readName({ checkName: name, resourceIdentifier }: SuppressionName) {
  const checkName = readCheckName(name);
  const { identifier } = traitsOf(checkName);
  const members = Object.entries(resourceIdentifier ?? {}).filter(([, value]) => value !== undefined);
  if (members.length !== 1 || members[0]?.[0] !== identifier) {
    throw invalidRequest(`resourceIdentifier of ${checkName} must be ${identifier}`);
  }
  return { checkName, identifier: Object.fromEntries(members) as ResourceIdentifier };
}

function readDescription(description: string | undefined): string | undefined {
  new ConstraintViolations()
    .length('description', description, 0, MAX_SUPPRESSION_DESCRIPTION)
    .pattern('description', description, '[^\\p{Cc}]*')
    .throwIfAny('InvalidRequestException');
  return description;
}
