/** Something that this machine lacks: the subject is left out, and its row says why. */
export class Unavailable extends Error {}
