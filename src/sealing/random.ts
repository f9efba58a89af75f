/** From the platform's secure source, by the one name that Node and browsers share. At most 65,536 at once. */
export const randomBytes = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));
