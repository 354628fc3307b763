import type { Command } from '../command.js';
import { addauth, getAcl, setAcl, whoami } from './access.js';
import { config, reconfig, version } from './ensemble.js';
import { help } from './help.js';
import { create, deleteNode, get, getAllChildrenNumber, getEphemerals, ls, set, stat, sync } from './nodes.js';
import { delquota, listquota, setquota } from './quota.js';
import { close, connect, history, quit, redo } from './session.js';
import { deleteall, find, findSuperNodes, rmr, tree } from './subtrees.js';
import { cp, edit, exportTree, importTree, mv } from './transfers.js';
import { addWatch, printwatches, removewatches, watch } from './watches.js';

/** Those of zkCli.sh. */
const SHARED: readonly Command[] = [
  addWatch,
  addauth,
  close,
  config,
  connect,
  create,
  deleteNode,
  deleteall,
  delquota,
  get,
  getAcl,
  getAllChildrenNumber,
  getEphemerals,
  history,
  listquota,
  ls,
  printwatches,
  quit,
  reconfig,
  redo,
  removewatches,
  set,
  setAcl,
  setquota,
  stat,
  sync,
  version,
  whoami,
];

/** Those that zkCli.sh does not have. */
const MORE: readonly Command[] = [
  cp,
  edit,
  exportTree,
  find,
  findSuperNodes,
  help(() => COMMANDS),
  importTree,
  mv,
  rmr,
  tree,
  watch,
];

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [...SHARED, ...MORE].sort((a, b) => (a.name < b.name ? -1 : 1)).map((command) => [command.name, command]),
);
