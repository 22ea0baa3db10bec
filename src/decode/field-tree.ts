/** What is wanted of a value: the leaves are slots, the branches names of fields. */
export interface FieldNode {
  /** Where the value itself goes; −1 = only what is within it is wanted. */
  readonly slot: number
  readonly children: ReadonlyMap<string, FieldNode>
}

interface Growing {
  slot: number
  readonly children: Map<string, Growing>
}

/** The tree of wanted paths (`payload.amount`); the slot of a path is its place in the list. */
export function fieldTree(paths: readonly string[]): FieldNode {
  const root: Growing = { slot: -1, children: new Map() }
  paths.forEach((path, slot) => {
    let node = root
    for (const name of path.split('.')) {
      const child: Growing = node.children.get(name) ?? { slot: -1, children: new Map() }
      node.children.set(name, child)
      node = child
    }
    node.slot = slot
  })
  return root
}

/** The slots of a node and of all within it. */
export function slotsOf(node: FieldNode): readonly number[] {
  const own = node.slot < 0 ? [] : [node.slot]
  return [...own, ...[...node.children.values()].flatMap(slotsOf)]
}
