/** One thing that a role asked for, and whether it got it. */
export interface UsedPermission {
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

/** Resources remembered of one role, action and outcome; a role that names a new one in every call needs no more to be known. */
const MOST_RESOURCES = 256;

/** What roles have asked for since the cloud started: for telling permissions that are used from those only granted. */
export class PermissionUse {
  /** By role, then by outcome and action. */
  readonly #roles = new Map<string, Map<string, Set<string>>>();

  record(roleArn: string, action: string, resource: string, allowed: boolean): void {
    let actions = this.#roles.get(roleArn);
    if (actions === undefined) {
      actions = new Map();
      this.#roles.set(roleArn, actions);
    }
    const key = `${allowed ? '+' : '-'}${action}`;
    let resources = actions.get(key);
    if (resources === undefined) {
      resources = new Set();
      actions.set(key, resources);
    }
    if (resources.size < MOST_RESOURCES) resources.add(resource);
  }

  of(roleArn: string): UsedPermission[] {
    return [...(this.#roles.get(roleArn) ?? [])].flatMap(([key, resources]) =>
      [...resources].map((resource) => ({ action: key.slice(1), resource, allowed: key.startsWith('+') })),
    );
  }
}
