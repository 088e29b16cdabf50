/** Static groups that a device is in besides its stage's. Names of thing groups have at most 128 characters. */
export function siteGroupName(topicRoot: string, site: string): string {
  return `${topicRoot}-site-${site}`;
}

export function deviceTypeGroupName(topicRoot: string, deviceType: string): string {
  return `${topicRoot}-type-${deviceType}`;
}
