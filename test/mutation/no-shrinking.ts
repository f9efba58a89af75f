import fc from 'fast-check';

// That a change is noticed is all that is asked: its smallest example takes minutes to find, and nobody reads it.
fc.configureGlobal({ endOnFailure: true });
