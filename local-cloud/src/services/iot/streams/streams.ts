import type { CreateStreamRequest, StreamFile, UpdateStreamRequest } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError } from '../../../core/errors.ts';
import { invalidRequest, limitExceeded, resourceAlreadyExists, resourceNotFound } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import { creationOrder, Table } from '../registry/table.ts';
import { readTags } from '../registry/validation.ts';
import {
  DESCRIPTION_PATTERN,
  MAX_DESCRIPTION_LENGTH,
  MAX_FILE_ID,
  MAX_FILE_SIZE,
  MAX_FILES,
  MAX_STREAM_ID_LENGTH,
  MAX_STREAM_VERSION,
  STREAM_ID_PATTERN,
} from './limits.ts';
import { StreamError } from './stream-error.ts';
import { StreamFiles } from './stream-files.ts';
import type { StreamFileRecord, StreamRecord } from './stream-record.ts';

const CODE = 'InvalidRequestException';

/** Streams (developer guide, `mqtt-based-file-delivery-what-is`). */
export class Streams {
  readonly iot: IotService;
  readonly table: Table<StreamRecord>;
  readonly files: StreamFiles;

  constructor(iot: IotService) {
    this.iot = iot;
    this.table = new Table(iot.context.store, 'iot/streams', (stream) => creationOrder(stream.createdAt, stream.id));
    this.files = new StreamFiles(iot.context);
    iot.registry.tags.allow('stream', (id) => this.table.has(id));
  }

  get(id: string | undefined): StreamRecord {
    requireStreamId(id);
    const stream = this.table.get(id);
    if (stream === undefined) throw resourceNotFound(`Stream ${id} not found.`);
    return stream;
  }

  /** @throws AwsError, also when the role cannot read a file */
  async create(input: CreateStreamRequest): Promise<StreamRecord> {
    const { streamId: id, description, files, roleArn } = input;
    requireStreamId(id);
    checkDescription(description);
    readTags(input.tags);
    checkRoleArn(roleArn, true);
    checkFiles(files, true);
    this.#refuseKnown(id);
    const read = await this.#readFiles(id, roleArn as string, files ?? []);
    this.#refuseKnown(id);
    const now = this.iot.context.clock.now();
    const stream: StreamRecord = {
      id,
      ...(description === undefined ? {} : { description }),
      version: 1,
      files: read,
      roleArn: roleArn as string,
      createdAt: now,
      lastUpdatedAt: now,
    };
    this.table.put(id, stream);
    this.iot.registry.tags.add(this.arn(id), input.tags);
    return stream;
  }

  /** "The stream version will be incremented by one" (API UpdateStream). @throws AwsError */
  async update(input: UpdateStreamRequest): Promise<StreamRecord> {
    const { description, files, roleArn } = input;
    requireStreamId(input.streamId);
    checkDescription(description);
    checkRoleArn(roleArn, false);
    checkFiles(files, false);
    const before = this.get(input.streamId);
    const role = roleArn ?? before.roleArn;
    const read = files === undefined ? undefined : await this.#readFiles(before.id, role, files);
    const current = this.get(input.streamId);
    if (current.version >= MAX_STREAM_VERSION) {
      throw limitExceeded(`Stream ${current.id} has reached its last version, ${MAX_STREAM_VERSION}`);
    }
    const stream: StreamRecord = {
      ...current,
      ...(description === undefined ? {} : { description }),
      ...(read === undefined ? {} : { files: read }),
      roleArn: role,
      version: current.version + 1,
      lastUpdatedAt: this.iot.context.clock.now(),
    };
    this.table.put(stream.id, stream);
    return stream;
  }

  delete(id: string | undefined): void {
    const stream = this.get(id);
    this.table.delete(stream.id);
    this.iot.registry.state.tags.delete(this.arn(stream.id));
  }

  arn(id: string): string {
    return this.iot.registry.state.arn('stream', id);
  }

  #refuseKnown(id: string): void {
    if (this.table.has(id)) throw resourceAlreadyExists(`Stream ${id} already exists.`, this.arn(id), id);
  }

  async #readFiles(streamId: string, roleArn: string, files: readonly StreamFile[]): Promise<StreamFileRecord[]> {
    const read: StreamFileRecord[] = [];
    for (const { fileId, s3Location } of files) {
      const { bucket = '', key = '', version } = s3Location ?? {};
      const location = { bucket, key, ...(version === undefined ? {} : { version }) };
      const { size, etag } = await this.#inspect(streamId, roleArn, location);
      if (size > MAX_FILE_SIZE) throw invalidRequest(`The file s3://${bucket}/${key} is larger than 24 MB`);
      read.push({ id: fileId ?? 0, ...location, size, etag });
    }
    return read;
  }

  async #inspect(streamId: string, roleArn: string, location: { bucket: string; key: string; version?: string }) {
    try {
      return await this.files.inspect(streamId, roleArn, location);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      if (error.code === 'Unauthorized') throw new AwsError('UnauthorizedException', error.message, 401);
      throw resourceNotFound(`The file s3://${location.bucket}/${location.key} was not found.`);
    }
  }
}

function requireStreamId(id: string | undefined): asserts id is string {
  new ConstraintViolations()
    .required('streamId', id)
    .length('streamId', id, 1, MAX_STREAM_ID_LENGTH)
    .pattern('streamId', id, STREAM_ID_PATTERN)
    .throwIfAny(CODE);
}

function checkDescription(description: string | undefined): void {
  new ConstraintViolations()
    .length('description', description, 0, MAX_DESCRIPTION_LENGTH)
    .pattern('description', description, DESCRIPTION_PATTERN)
    .throwIfAny(CODE);
}

function checkRoleArn(roleArn: string | undefined, required: boolean): void {
  const violations = new ConstraintViolations().length('roleArn', roleArn, 20, 2048);
  if (required) violations.required('roleArn', roleArn);
  violations.throwIfAny(CODE);
}

function checkFiles(files: readonly StreamFile[] | undefined, required: boolean): void {
  const violations = new ConstraintViolations().length('files', files, 1, MAX_FILES);
  if (required) violations.required('files', files);
  for (const [index, { fileId, s3Location }] of (files ?? []).entries()) {
    const path = `files.${index + 1}.member`;
    violations
      .required(`${path}.fileId`, fileId)
      .range(`${path}.fileId`, fileId, 0, MAX_FILE_ID)
      .required(`${path}.s3Location.bucket`, s3Location?.bucket)
      .length(`${path}.s3Location.bucket`, s3Location?.bucket, 1, Number.MAX_SAFE_INTEGER)
      .required(`${path}.s3Location.key`, s3Location?.key)
      .length(`${path}.s3Location.key`, s3Location?.key, 1, Number.MAX_SAFE_INTEGER);
  }
  violations.throwIfAny(CODE);
  const ids = (files ?? []).map(({ fileId }) => fileId);
  if (new Set(ids).size < ids.length) throw invalidRequest('Each file of a stream needs a fileId of its own');
}
