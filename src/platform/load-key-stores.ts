/** What reads key stores; loaded when it is needed, for its libraries are larger than all else that a start needs. */
export const loadKeyStores = () => import('./key-stores.js');
