export const THINGS_INDEX = 'AWS_Things';
export const THING_GROUPS_INDEX = 'AWS_ThingGroups';
