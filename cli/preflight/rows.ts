/** One finding of a preflight. `stop` means that a deploy would fail. */
export interface Row {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'stop';
  readonly found: string;
  /** What to change, where something is to be. */
  readonly change?: string;
}

export const ok = (check: string, found: string): Row => ({ check, status: 'ok', found });
export const warn = (check: string, found: string, change: string): Row => ({ check, status: 'warn', found, change });
export const stop = (check: string, found: string, change: string): Row => ({ check, status: 'stop', found, change });

/** What an SDK call came to: an answer, or the name and text of its error. */
export type Answer<T> = { readonly value: T } | { readonly error: string; readonly message: string };

/** Makes a call into an answer. Only SDK and network errors come here: anything else is a defect. */
export async function answerOf<T>(call: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error: error.name, message: error.message };
  }
}

const DENIED = /^(AccessDenied|UnauthorizedOperation|AuthorizationError|ForbiddenException)/;

/** Row for a call that gave no answer, where no check knows more about its error. */
export function unanswered(check: string, { error, message }: { error: string; message: string }): Row {
  if (error === 'NotImplemented' || error === 'NotImplementedException') {
    return warn(check, 'the local cloud does not answer it', 'check it on AWS');
  }
  if (DENIED.test(error)) return warn(check, `not allowed to look: ${message}`, 'allow it, or check it by hand');
  return warn(check, `cannot be checked: ${error}: ${message}`, 'check it by hand');
}

/** Version of the bootstrap stack that the CDK's default synthesizer asks for (`requiresBootstrapStackVersion`). */
const MIN_BOOTSTRAP = 6;

export interface BootstrapStack {
  readonly status: string;
  readonly version: string | undefined;
}

export function judgeBootstrap(answer: Answer<BootstrapStack | undefined>, place: string): Row {
  const check = 'CDK bootstrap';
  const command = `npx cdk bootstrap ${place}`;
  if ('error' in answer) {
    if (answer.error === 'ValidationError')
      return stop(check, 'the account and region are not bootstrapped', `run \`${command}\``);
    return unanswered(check, answer);
  }
  const { status = '', version } = answer.value ?? {};
  if (version === undefined || Number.isNaN(Number(version))) {
    return stop(check, 'the stack CDKToolkit is not that of the CDK: it has no version', `run \`${command}\``);
  }
  if (!/^(CREATE|UPDATE|UPDATE_ROLLBACK)_COMPLETE$/.test(status)) {
    return stop(
      check,
      `the stack CDKToolkit is in ${status}`,
      'repair it in the CloudFormation console, then bootstrap again',
    );
  }
  if (Number(version) < MIN_BOOTSTRAP) {
    return stop(check, `version ${version}, and at least ${MIN_BOOTSTRAP} is needed`, `run \`${command}\` again`);
  }
  return ok(check, `version ${version}`);
}

/** Timestream for LiveAnalytics takes no new customers since 2025-06-20: their calls are denied with a text that says so. */
export function judgeTimestream(answer: Answer<unknown>): Row {
  const check = 'Timestream for LiveAnalytics';
  if ('value' in answer) return ok(check, 'available to this account');
  const other = 'choose another hot store in the configuration (`hotStore`)';
  if (/existing .*customers|not subscribed|onboard/i.test(answer.message)) {
    return stop(check, 'this account cannot use it: it is closed to new customers', other);
  }
  if (/ENOTFOUND|UnknownEndpoint|could not (be )?resolve/i.test(`${answer.error} ${answer.message}`)) {
    return stop(check, 'this region does not have it', `choose another region, or ${other}`);
  }
  return unanswered(check, answer);
}

/** New accounts may run only 10 functions at once until AWS raises it (Lambda developer guide, "Quotas"). */
const COMFORTABLE_CONCURRENCY = 100;

export function judgeConcurrency(answer: Answer<number | undefined>): Row {
  const check = 'Lambda concurrency';
  if ('error' in answer) return unanswered(check, answer);
  const limit = answer.value ?? 0;
  if (limit >= COMFORTABLE_CONCURRENCY) return ok(check, `${limit} functions at once`);
  return warn(
    check,
    `only ${limit} functions may run at once in this account`,
    'ask AWS to raise "Concurrent executions" before devices come: ingest and the provisioning hook share it',
  );
}

/** Default quotas of AWS IoT by account and region (AWS General Reference, "AWS IoT Core endpoints and quotas"). */
export function judgeRuleQuota(answer: Answer<number>, needed: number): Row {
  const check = 'topic rules';
  const quota = 1000;
  if ('error' in answer) return unanswered(check, answer);
  const found = `${answer.value} of ${quota} (default quota) in use, ${needed} to be made`;
  return answer.value + needed <= quota
    ? ok(check, found)
    : stop(check, found, 'delete rules, or have the quota raised');
}

const IN_PROGRESS = /_IN_PROGRESS$/;
/** States from which a stack can be updated. */
const DEPLOYABLE =
  /^(CREATE_COMPLETE|UPDATE_COMPLETE|UPDATE_ROLLBACK_COMPLETE|IMPORT_COMPLETE|IMPORT_ROLLBACK_COMPLETE|REVIEW_IN_PROGRESS)$/;

export function judgeStack(name: string, status: string): Row {
  const check = `stack ${name}`;
  if (DEPLOYABLE.test(status)) return ok(check, `deployed, ${status}`);
  if (IN_PROGRESS.test(status)) return stop(check, `somebody changes it just now: ${status}`, 'wait until it is done');
  const change = /ROLLBACK_COMPLETE$|^CREATE_FAILED|^ROLLBACK/.test(status)
    ? `delete it: \`aws cloudformation delete-stack --stack-name ${name}\``
    : 'repair it in the CloudFormation console';
  return stop(check, `it cannot be updated: ${status}`, change);
}

/** Settings of AWS IoT that belong to the whole account. */
export function judgeAccountSetting(check: string, answer: Answer<string | undefined>): Row {
  if ('error' in answer) return unanswered(check, answer);
  if (answer.value === undefined) return ok(check, 'not set');
  return warn(
    check,
    `set already: ${answer.value}`,
    'it belongs to the account: leave its ownership off in the configuration, unless this stage is to be its owner',
  );
}

export interface NamedResource {
  readonly type: string;
  readonly name: string;
}

/** `taken` says how it exists; undefined means that the name is free. */
export function judgeName(resource: NamedResource, answer: Answer<string | undefined>): Row {
  const check = `${resource.type.replace(/^AWS::/, '')} ${resource.name}`;
  if ('error' in answer) return unanswered(check, answer);
  if (answer.value === undefined) return ok(check, 'free');
  return stop(
    check,
    `${answer.value}, and no stack of this stage has it`,
    'delete it where an earlier deployment left it behind; else choose another project or stage name',
  );
}

export function hasStop(rows: readonly Row[]): boolean {
  return rows.some(({ status }) => status === 'stop');
}
