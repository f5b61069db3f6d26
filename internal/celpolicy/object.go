/*
Copyright 2026 The sts-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package celpolicy

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// ObjectType is a type of object with named fields.
type ObjectType struct {
	Name   string
	Fields map[string]Field
}

// Field of an object type.
type Field struct {
	Type *cel.Type
	// Default is what the field reads as in an object that lacks it. Without a default, reading it is an error.
	Default Value
}

// CELType is the type as expressions know it.
func (t *ObjectType) CELType() *cel.Type { return cel.ObjectType(t.Name) }

// New is an object of the type. In an expression, has() is true for exactly these fields.
func (t *ObjectType) New(fields map[string]Value) Object { return Object{t, fields} }

// provider declares the object types to CEL.
type provider struct {
	types.Provider
	objects map[string]*ObjectType
}

// FindStructType implements types.Provider.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if object, ok := p.objects[name]; ok {
		return types.NewTypeTypeWithParam(object.CELType()), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldType implements types.Provider.
func (p provider) FindStructFieldType(name, key string) (*types.FieldType, bool) {
	if object, ok := p.objects[name]; ok {
		if field, ok := object.Fields[key]; ok {
			return &types.FieldType{Type: field.Type}, true
		}
	}
	return p.Provider.FindStructFieldType(name, key)
}

// Object is a value of an ObjectType. Create it with ObjectType.New.
type Object struct {
	objectType *ObjectType
	fields     map[string]Value
}

var (
	_ traits.Indexer     = Object{}
	_ traits.FieldTester = Object{}
)

// Get implements traits.Indexer.
func (o Object) Get(index ref.Val) ref.Val {
	name := fmt.Sprint(index.Value())
	if value, ok := o.fields[name]; ok {
		return value
	}
	if value := o.objectType.Fields[name].Default; value != nil {
		return value
	}
	return types.NewErr("no such key: %s", name)
}

// IsSet implements traits.FieldTester. For an unreadable field the answer is unknown, so it is the field's error.
func (o Object) IsSet(index ref.Val) ref.Val {
	value, ok := o.fields[fmt.Sprint(index.Value())]
	if types.IsError(value) {
		return value
	}
	return types.Bool(ok)
}

// ConvertToNative implements ref.Val.
func (o Object) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is not a native value", o.objectType.Name)
}

// ConvertToType implements ref.Val.
func (o Object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.objectType.CELType()
	}
	return types.NewErr("%s is not a %s", o.objectType.Name, t.TypeName())
}

// Equal implements ref.Val. Expressions cannot compare objects: see vetFlat.
func (o Object) Equal(ref.Val) ref.Val { return types.False }

// Type implements ref.Val.
func (o Object) Type() ref.Type { return o.objectType.CELType() }

// Value implements ref.Val.
func (o Object) Value() any { return o.fields }
