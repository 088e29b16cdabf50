import type {
  CreateMitigationActionRequest,
  MitigationActionParams,
  MitigationActionType,
  UpdateMitigationActionRequest,
} from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { uuid } from '../../../../core/entropy.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { invalidRequest, resourceAlreadyExists, resourceNotFound } from '../../errors.ts';
import { Table } from '../../registry/table.ts';
import { requireName } from '../../registry/validation.ts';
import { NAME_PATTERN } from '../limits.ts';
import type { MitigationActionRecord, TaskAction } from './mitigation-records.ts';

/** API AddThingsToThingGroupParams */
const MAX_GROUPS = 10;

const TYPES: Readonly<Record<keyof MitigationActionParams, MitigationActionType>> = {
  updateDeviceCertificateParams: 'UPDATE_DEVICE_CERTIFICATE',
  updateCACertificateParams: 'UPDATE_CA_CERTIFICATE',
  addThingsToThingGroupParams: 'ADD_THINGS_TO_THING_GROUP',
  replaceDefaultPolicyVersionParams: 'REPLACE_DEFAULT_POLICY_VERSION',
  enableIoTLoggingParams: 'ENABLE_IOT_LOGGING',
  publishFindingToSnsParams: 'PUBLISH_FINDING_TO_SNS',
};

/** Predefined actions with the account's parameters and role (developer guide, `dd-mitigation-actions`). */
export class MitigationActions {
  readonly table: Table<MitigationActionRecord>;
  readonly #context: CloudContext;
  readonly #arnOf: (name: string) => string;

  constructor(context: CloudContext, arnOf: (name: string) => string) {
    this.table = new Table(context.store, 'iot/mitigationActions');
    this.#context = context;
    this.#arnOf = arnOf;
  }

  get(name: string | undefined): MitigationActionRecord {
    requireName('actionName', name, NAME_PATTERN);
    const action = this.table.get(name);
    if (action === undefined) throw resourceNotFound(`Mitigation action not found: ${name}`);
    return action;
  }

  /** What a task keeps of the actions it names. @throws AwsError InvalidRequestException for one that does not exist */
  forTask(names: readonly string[]): TaskAction[] {
    return [...new Set(names)].map((name) => {
      const action = this.table.get(name);
      if (action === undefined) throw invalidRequest(`The mitigation action ${name} does not exist`);
      const { id, type, roleArn, params } = action;
      return { name, id, type, roleArn, params };
    });
  }

  create(input: CreateMitigationActionRequest): MitigationActionRecord {
    const { actionName: name, roleArn } = input;
    requireName('actionName', name, NAME_PATTERN);
    checkRole(roleArn);
    const { type, params } = readParams(input.actionParams);
    if (this.table.has(name)) {
      throw resourceAlreadyExists(`The mitigation action ${name} already exists`, this.#arnOf(name), name);
    }
    const now = this.#context.clock.now();
    const record: MitigationActionRecord = {
      name,
      id: uuid(this.#context.entropy),
      type,
      roleArn: roleArn as string,
      params,
      creationDate: now,
      lastModifiedDate: now,
    };
    this.table.put(name, record);
    return record;
  }

  update(input: UpdateMitigationActionRequest): MitigationActionRecord {
    const before = this.get(input.actionName);
    if (input.roleArn !== undefined) checkRole(input.roleArn);
    const changed = input.actionParams === undefined ? {} : readParams(input.actionParams);
    const record: MitigationActionRecord = {
      ...before,
      ...changed,
      roleArn: input.roleArn ?? before.roleArn,
      lastModifiedDate: this.#context.clock.now(),
    };
    this.table.put(before.name, record);
    return record;
  }

  /** Deleting what does not exist is no error (API DeleteMitigationAction names none). */
  delete(name: string | undefined): void {
    requireName('actionName', name, NAME_PATTERN);
    this.table.delete(name);
  }
}

function checkRole(roleArn: string | undefined): void {
  new ConstraintViolations()
    .required('roleArn', roleArn)
    .length('roleArn', roleArn, 20, 2048)
    .throwIfAny('InvalidRequestException');
}

function readParams(given: MitigationActionParams | undefined) {
  const members = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  const member = members[0]?.[0];
  if (members.length !== 1 || member === undefined || !Object.hasOwn(TYPES, member)) {
    throw invalidRequest(`actionParams must hold exactly one of ${Object.keys(TYPES).join(', ')}`);
  }
  const params = Object.fromEntries(members) as MitigationActionParams;
  const { addThingsToThingGroupParams: groups, enableIoTLoggingParams: logging } = params;
  const violations = new ConstraintViolations();
  for (const [path, action] of [
    ['updateDeviceCertificateParams', params.updateDeviceCertificateParams?.action],
    ['updateCACertificateParams', params.updateCACertificateParams?.action],
  ] as const) {
    if (member === path) violations.required(`${path}.action`, action).oneOf(`${path}.action`, action, ['DEACTIVATE']);
  }
  if (groups !== undefined) {
    const path = 'addThingsToThingGroupParams.thingGroupNames';
    violations.required(path, groups.thingGroupNames).length(path, groups.thingGroupNames, 1, MAX_GROUPS);
  }
  if (member === 'replaceDefaultPolicyVersionParams') {
    const path = 'replaceDefaultPolicyVersionParams.templateName';
    const template = params.replaceDefaultPolicyVersionParams?.templateName;
    violations.required(path, template).oneOf(path, template, ['BLANK_POLICY']);
  }
  if (logging !== undefined) {
    // "You cannot specify a logging level of DISABLED."
    violations
      .required('enableIoTLoggingParams.roleArnForLogging', logging.roleArnForLogging)
      .required('enableIoTLoggingParams.logLevel', logging.logLevel)
      .oneOf('enableIoTLoggingParams.logLevel', logging.logLevel, ['DEBUG', 'INFO', 'ERROR', 'WARN']);
  }
  if (member === 'publishFindingToSnsParams') {
    violations.required('publishFindingToSnsParams.topicArn', params.publishFindingToSnsParams?.topicArn);
  }
  violations.throwIfAny('InvalidRequestException');
  return { type: TYPES[member as keyof MitigationActionParams], params };
}
