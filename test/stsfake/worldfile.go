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

package stsfake

import (
	"errors"
	"fmt"

	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// ParseWorld reads a world from YAML or JSON. It refuses fields it does not know, and its errors name the place.
func ParseWorld(text []byte) (World, error) {
	document, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return World{}, fmt.Errorf("reading the world: %w", err)
	}
	var world World
	unknown, err := json.UnmarshalStrict(document, &world)
	if err != nil {
		return World{}, fmt.Errorf("reading the world: %w", err)
	}
	if len(unknown) > 0 {
		return World{}, fmt.Errorf("reading the world: %w", errors.Join(unknown...))
	}
	if err := world.Check(); err != nil {
		return World{}, fmt.Errorf("reading the world: %w", err)
	}
	return world, nil
}
