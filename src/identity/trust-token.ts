/** Names the trust file of this service to Nest's injector. */
export const TRUST = Symbol('trust');
