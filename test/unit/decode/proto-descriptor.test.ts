import assert from 'node:assert/strict'
import { test } from 'node:test'
import descriptor from 'protobufjs/ext/descriptor/index.js'
import { encodeProto, readProto } from '../../fixtures/protobuf.ts'

const MONEY = 'syntax = "proto3"; package shop; message Money { double amount = 1; }'

test('a schema may be a file descriptor in base64, as some clients register it', () => {
  const [optional, repeated] = [1, 3]
  const [double, int64, string, message, enumeration] = [1, 3, 9, 11, 14]
  const file = {
    name: 'order.proto',
    package: 'shop',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Order',
        field: [
          { name: 'total', number: 1, label: optional, type: double },
          { name: 'note', number: 2, type: string, proto3Optional: true, oneofIndex: 1 },
          {
            name: 'rates',
            number: 3,
            label: repeated,
            type: message,
            typeName: '.shop.Order.RatesEntry',
          },
          { name: 'card', number: 4, label: optional, type: string, oneofIndex: 0 },
          { name: 'voucher', number: 5, label: optional, type: int64, oneofIndex: 0 },
          { name: 'state', number: 6, label: optional, type: enumeration, typeName: '.shop.State' },
          { name: 'price', number: 7, label: optional, type: message, typeName: '.shop.Money' },
        ],
        nestedType: [
          {
            name: 'RatesEntry',
            field: [
              { name: 'key', number: 1, label: optional, type: string },
              { name: 'value', number: 2, label: optional, type: double },
            ],
            options: { mapEntry: true },
          },
          { name: 'Line', field: [{ name: 'sku', number: 1, label: optional, type: string }] },
        ],
        oneofDecl: [{ name: 'payment' }, { name: '_note' }],
      },
    ],
    enumType: [
      {
        name: 'State',
        value: [
          { name: 'NEW', number: 0 },
          { name: 'PAID', number: 1 },
        ],
      },
    ],
  }
  const bytes = descriptor.FileDescriptorProto.encode(file).finish()
  const schema = Buffer.from(bytes).toString('base64')
  const encodable = `syntax = "proto3"; package shop; message Money { double amount = 1; }
    message Order { double total = 1; optional string note = 2; map<string, double> rates = 3;
    int64 voucher = 5; int32 state = 6; Money price = 7; }`
  const given = { total: 2, rates: { eur: 3 }, voucher: 4, state: 1, price: { amount: 5 } }
  const body = encodeProto(encodable, 'shop.Order', given)
  const wanted = ['total', 'note', 'rates.eur', 'card', 'voucher', 'state', 'price.amount']
  const expected = [2, undefined, 3, undefined, 4, 'PAID', 5]
  assert.deepEqual(
    readProto(schema, wanted, body, { imports: { 'shop/money.proto': MONEY } }),
    expected,
  )
  assert.deepEqual(readProto(schema, ['sku'], Buffer.alloc(0), { indexes: [4, 0, 0] }), [''])
  assert.throws(() => readProto('AAAAAAAA', ['sku'], Buffer.alloc(0)))
})
